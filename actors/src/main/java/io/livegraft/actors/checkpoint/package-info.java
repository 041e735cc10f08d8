/**
 * Trainer states and adapter files: written whole or not at all, named by their SHA-256, verified when read.
 */
@NullMarked
package io.livegraft.actors.checkpoint;

import org.jspecify.annotations.NullMarked;
