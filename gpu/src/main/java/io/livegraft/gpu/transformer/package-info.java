/**
 * The Llama decoder, written once over {@link io.livegraft.gpu.backend.Backend}: forward for serving and training,
 * backward for adapters and, where weights are trained, for all of them. Knows nothing of tokens' meaning, of tenants or
 * of optimizers.
 */
@NullMarked
package io.livegraft.gpu.transformer;

import org.jspecify.annotations.NullMarked;
