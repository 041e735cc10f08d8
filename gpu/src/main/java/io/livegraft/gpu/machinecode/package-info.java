/**
 * Machine code for x86-64 processors on Linux, written into memory by the process itself: what the Vector API can't say (tiles,
 * bfloat16, 512-bit lookups without bounds). An assembler of the few instructions that kernels need, and the memory they run in.
 */
@NullMarked
package io.livegraft.gpu.machinecode;

import org.jspecify.annotations.NullMarked;
