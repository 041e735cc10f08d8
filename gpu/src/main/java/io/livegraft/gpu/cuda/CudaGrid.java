package io.livegraft.gpu.cuda;

/**
 * The shape of a launch.
 *
 * @param x blocks
 * @param threads of each block
 * @param sharedBytes dynamic shared memory of each block
 */
record CudaGrid(int x, int y, int z, int threads, int sharedBytes) {
    @Override
    public String toString() {
        return "(%d,%d,%d) blocks of %d threads, %d bytes shared".formatted(x, y, z, threads, sharedBytes);
    }
}
