package io.livegraft.gpu.cuda;

import java.util.Arrays;

/** The jobs of one launch of {@code rows.cu}, as words that its kernels read. */
final class RowJobs {
    private static final int WORDS = 16;
    private static final int THREADS = 256;
    /** Columns up to which a warp multiplies its rows by itself; {@code few_columns} in rows.cu. */
    private static final int FEW_COLUMNS = 128;

    /**
     * The rows of a job.
     *
     * @param stride values from row to row
     */
    record Input(long address, int count, int stride) {
        static Input of(CudaTensor x) {
            return new Input(x.address(), x.rows(), x.columns());
        }

        static Input of(Bf16Matrix x) {
            return new Input(x.address(), x.rows(), x.stride());
        }
    }

    private long[] words = new long[4 * WORDS];
    private int jobs;
    private int blocks;
    private int rows;

    /** {@code y (count, outputs) = or += scale · x · Wᵀ}; what a form needs beside is added by {@link #form}. */
    void add(long weight, int stride, int inputs, Input x, CudaTensor y, float scale, boolean accumulate) {
        if (words.length == jobs * WORDS) {
            words = Arrays.copyOf(words, 2 * words.length);
        }
        int outputs = y.requireShape(x.count(), y.columns()).columns();
        int at = WORDS * jobs++;
        words[at] = weight;
        words[at + 1] = x.address();
        words[at + 2] = y.address();
        words[at + 3] = outputs;
        words[at + 4] = inputs;
        words[at + 5] = x.count();
        words[at + 6] = stride;
        words[at + 7] = bits(scale) | (accumulate ? 1L << 32 : 0);
        words[at + 8] = x.stride();
        int warps = inputs <= FEW_COLUMNS ? THREADS / 32 : 1;
        blocks = Math.max(blocks, Math.ceilDiv(outputs, CudaWeights.TILE_ROWS * warps));
        rows = Math.max(rows, x.count());
    }

    /** Of the job that was added last. */
    void form(CudaWeight.Rows w) {
        words[WORDS * (jobs - 1) + 10] = w.scales().address();
    }

    /** As above. */
    void form(CudaWeight.Blocks w) {
        int at = WORDS * (jobs - 1);
        CudaWeight.Scales scales = w.scales();
        words[at + 9] = w.levels().address();
        words[at + 10] = scales.values().address();
        words[at + 14] = scales.blockShift();
        scales.nested().ifPresent(nested -> {
            words[at + 11] = nested.scales().address();
            words[at + 12] = nested.map().address();
            words[at + 13] = bits(nested.offset());
            words[at + 14] |= (nested.shift() + 1L) << 8;
        });
    }

    private static long bits(float value) {
        return Integer.toUnsignedLong(Float.floatToRawIntBits(value));
    }

    int size() {
        return jobs;
    }

    /** The most rows of x of a job. */
    int rows() {
        return rows;
    }

    /** @param tile rows of x that a block of the kernel takes */
    void launch(CudaDevice device, CudaKernel kernel, int tile) {
        if (jobs > 0) {
            kernel.arguments()
                    .address(device.longs(Arrays.copyOf(words, jobs * WORDS)))
                    .launch(blocks, Math.ceilDiv(rows, tile), jobs, THREADS, 0);
        }
    }
}
