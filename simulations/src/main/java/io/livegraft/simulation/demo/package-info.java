/**
 * The story of {@code livegraft demo}: a node with a real broker, feedback of three tenants through Kafka while their models
 * are asked over HTTP, and what came of it. All it knows of the node it reads from the answers, the admin interface and the
 * log, as any client could; the numbers in its report are measured from outside.
 */
@NullMarked
package io.livegraft.simulation.demo;

import org.jspecify.annotations.NullMarked;
