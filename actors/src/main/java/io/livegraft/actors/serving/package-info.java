/**
 * Answers requests: finds the version that a model name means, keeps it staged, pins it to the request and streams its
 * tokens; swaps in new versions without touching what runs.
 */
@NullMarked
package io.livegraft.actors.serving;

import org.jspecify.annotations.NullMarked;
