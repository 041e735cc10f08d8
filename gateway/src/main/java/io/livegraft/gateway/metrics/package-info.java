/** The node's metrics in Prometheus' text format. */
@NullMarked
package io.livegraft.gateway.metrics;

import org.jspecify.annotations.NullMarked;
