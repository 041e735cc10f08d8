/** Reads everything that a node keeps for good, says what is no longer whole, and deletes adapters that nobody names. */
@NullMarked
package io.livegraft.actors.scrub;

import org.jspecify.annotations.NullMarked;
