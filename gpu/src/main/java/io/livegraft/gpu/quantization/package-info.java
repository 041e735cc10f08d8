/**
 * Weights in 4 and 8 bits: NF4, the 4-bit NormalFloat of QLoRA (Dettmers et al., arXiv 2305.14314), FP4 and a linear 4-bit
 * grid in blocks with one absolute maximum each, those quantized again to 8 bits on request; and 8 bits with one scale per
 * row. Bytes are laid out as bitsandbytes does. Host memory only; the kernels that multiply with it are a backend's.
 */
@NullMarked
package io.livegraft.gpu.quantization;

import org.jspecify.annotations.NullMarked;
