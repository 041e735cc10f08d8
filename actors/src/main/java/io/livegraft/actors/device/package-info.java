/**
 * The one queue in front of the engine: decode steps first, then one slice of training or evaluation, round and round.
 */
@NullMarked
package io.livegraft.actors.device;

import org.jspecify.annotations.NullMarked;
