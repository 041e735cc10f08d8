/**
 * Whether a candidate may serve: its loss on held-out examples against its parent's and the base's, and the gate that
 * turns the numbers into a verdict. What it decides never influences training.
 */
@NullMarked
package io.livegraft.actors.evaluation;

import org.jspecify.annotations.NullMarked;
