/**
 * {@code sim crash}: kills a node again and again beside a broker that lives, then compares what it came to with an oracle that
 * was never killed.
 */
@NullMarked
package io.livegraft.simulation.crash;

import org.jspecify.annotations.NullMarked;
