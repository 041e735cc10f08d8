/** Low-rank adapters (Hu et al., arXiv 2106.09685): their shape, their values and the PEFT files that hold them. */
@NullMarked
package io.livegraft.gpu.lora;

import org.jspecify.annotations.NullMarked;
