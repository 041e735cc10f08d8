/**
 * {@code sim swap}: open-loop load over many tenants while their versions are published, promoted and rolled back, and an oracle
 * that recomputes every answer from the question and the digest of the version that it names.
 */
@NullMarked
package io.livegraft.simulation.swap;

import org.jspecify.annotations.NullMarked;
