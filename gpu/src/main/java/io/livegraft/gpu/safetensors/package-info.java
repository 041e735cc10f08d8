/**
 * The safetensors format (github.com/huggingface/safetensors): an 8-byte little-endian header length, a JSON header, then
 * the tensors' bytes without overlap or gap. Reading refuses whatever does not hold to it; writing is durable. Knows names
 * and shapes, not what they mean.
 */
@NullMarked
package io.livegraft.gpu.safetensors;

import org.jspecify.annotations.NullMarked;
