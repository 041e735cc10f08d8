/**
 * Open-loop load by Gatling, in a process of its own: requests arrive at random at a steady mean rate whether or not earlier
 * ones have been answered, so a slow node is seen as slow.
 */
@NullMarked
package io.livegraft.simulation.load;

import org.jspecify.annotations.NullMarked;
