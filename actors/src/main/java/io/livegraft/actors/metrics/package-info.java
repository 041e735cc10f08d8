/**
 * The node's Prometheus metrics, by name; docs of each are in its help text.
 */
@NullMarked
package io.livegraft.actors.metrics;

import org.jspecify.annotations.NullMarked;
