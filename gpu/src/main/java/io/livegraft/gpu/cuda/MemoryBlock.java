package io.livegraft.gpu.cuda;

/** Bytes at an address that kernels read and write; whoever uses the address holds the block. */
sealed interface MemoryBlock permits DeviceMemory.Block, HostMemory.Block {
    long address();

    long bytes();

    /** Gives it back; again is nothing. */
    void free();
}
