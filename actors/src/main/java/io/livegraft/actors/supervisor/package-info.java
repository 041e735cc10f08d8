/**
 * Takes a trainer's offer to its end: evaluates it and hands it to the registry, once, whatever crashes in between.
 */
@NullMarked
package io.livegraft.actors.supervisor;

import org.jspecify.annotations.NullMarked;
