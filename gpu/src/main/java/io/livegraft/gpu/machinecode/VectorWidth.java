package io.livegraft.gpu.machinecode;

/** Registers that machine code for few rows is written for; bits are the same. */
public enum VectorWidth {
    /** 32 registers of 512 bits (AVX-512). */
    WIDE,
    /** 16 registers of 256 bits (AVX2 and FMA). */
    NARROW
}
