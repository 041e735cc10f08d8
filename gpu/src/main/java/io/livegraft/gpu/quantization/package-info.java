/**
 * NF4, the 4-bit NormalFloat of QLoRA (Dettmers et al., arXiv 2305.14314), in the layout of bitsandbytes: values in the
 * high nibble first, one absolute maximum per block, those quantized again to 8 bits on request. Host memory only; the
 * kernels that multiply with it are a backend's.
 */
@NullMarked
package io.livegraft.gpu.quantization;

import org.jspecify.annotations.NullMarked;
