/**
 * What this module adds to the command line. Everything below it is a black box to the node: it speaks Kafka and HTTP, and
 * starts one through the command line's own {@code LocalNode}.
 */
@NullMarked
package io.livegraft.simulation;

import org.jspecify.annotations.NullMarked;
