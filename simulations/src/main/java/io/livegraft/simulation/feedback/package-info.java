/**
 * Labelled feedback as a tenant's customers would send it: made up in three house styles, or read from a CSV file. The same
 * input and seed give the same events with the same ids, in the same order. Knows nothing of Kafka or of a node.
 */
@NullMarked
package io.livegraft.simulation.feedback;

import org.jspecify.annotations.NullMarked;
