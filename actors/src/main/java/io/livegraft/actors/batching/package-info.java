/**
 * Decides who is computed next: admission, chunks of prompts beside decode steps, suspension when memory runs out, shares and
 * quotas of tenants. Without clock, thread or I/O: the device's actor does what is decided here, a simulator can as well.
 */
@NullMarked
package io.livegraft.actors.batching;

import org.jspecify.annotations.NullMarked;
