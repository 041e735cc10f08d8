package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Products whose sums go on over the ranks of adapters, {@code product.cu}: further columns of both operands, so that c is written
 * once, whichever of its rows have adapters.
 *
 * <pre>{@code
 *   c (M,N) = a (M,K) · op(b) (K,N), then in the rows of each adapter + s (rows,r) · wᵀ (r,N)
 * }</pre>
 */
final class CudaAdapted {
    private static final int WORDS = 5;

    /**
     * Columns that sums go on with.
     *
     * @param start of the rows of c
     * @param narrow s (rows,r)
     * @param factor w (N,r)
     */
    record Columns(int start, Bf16Matrix narrow, Bf16Matrix factor) {
        /** Of a product whose rows begin earlier. */
        Columns from(int first) {
            return new Columns(start + first, narrow, factor);
        }

        int end() {
            return start + narrow.rows();
        }

        /** What a stage of the kernel takes at once. */
        int steps() {
            return Math.ceilDiv(narrow.columns(), CudaDense.DEPTH);
        }
    }

    private final CudaDevice device;
    private final CudaKernel forward;
    private final CudaKernel backward;

    CudaAdapted(CudaDevice device) {
        this.device = device;
        this.forward = device.kernel("product", "product_adapted");
        this.backward = device.kernel("product", "product_adapted_backward");
    }

    /** @param goesOn whether sums begin with c's own values */
    void multiply(CudaTensor c, Bf16Matrix a, Bf16Matrix b, Operand bOperand, boolean goesOn, List<Columns> columns) {
        CudaDense.require(c, Operand.PLAIN, a.rows(), a.columns(), bOperand, b.rows(), b.columns());
        CudaKernel kernel = bOperand == Operand.PLAIN ? backward : forward;
        kernel.arguments()
                .address(a.address())
                .integer(a.stride())
                .address(b.address())
                .integer(b.stride());
        launch(kernel, c, a.columns(), goesOn, columns);
    }

    /** Goes on with c where it has adapters: the bits of one product with them. */
    void add(CudaTensor c, List<Columns> columns) {
        if (!columns.isEmpty()) {
            forward.arguments().address(0).integer(0).address(0).integer(0);
            launch(forward, c, 0, true, columns);
        }
    }

    private void launch(CudaKernel kernel, CudaTensor c, int depth, boolean goesOn, List<Columns> columns) {
        kernel.tensor(c)
                .integer(c.rows())
                .integer(c.columns())
                .integer(depth)
                .integer(goesOn ? 1 : 0)
                .address(device.longs(table(c, columns)))
                .launch(CudaDense.blocks(c), 1, 1, CudaDense.THREADS, CudaDense.SHARED_BYTES);
    }

    /** Of each 128 rows the first columns and the end of them; then the columns. */
    private static long[] table(CudaTensor c, List<Columns> columns) {
        int blocks = Math.ceilDiv(c.rows(), CudaDense.SIDE);
        int[] first = new int[blocks];
        int[] end = new int[blocks];
        List<long[]> words = new ArrayList<>();
        for (Columns some : columns) {
            if (some.end() > c.rows() || some.factor().rows() != c.columns()) {
                throw new IllegalArgumentException(
                        "columns of rows %d to %d and %d outputs go with no product of (%d,%d)"
                                .formatted(
                                        some.start(), some.end(), some.factor().rows(), c.rows(), c.columns()));
            }
            for (int block = some.start() / CudaDense.SIDE; block * CudaDense.SIDE < some.end(); block++) {
                first[block] = end[block] == 0 ? words.size() : first[block];
                end[block] = words.size() + some.steps();
            }
            words.addAll(words(some));
        }
        long[] table = new long[blocks + WORDS * words.size()];
        Arrays.setAll(
                table,
                i -> i < blocks ? pair(first[i], end[i]) : words.get((i - blocks) / WORDS)[(i - blocks) % WORDS]);
        return table;
    }

    private static List<long[]> words(Columns columns) {
        List<long[]> words = new ArrayList<>();
        Bf16Matrix s = columns.narrow();
        Bf16Matrix w = columns.factor();
        for (int from = 0; from < s.columns(); from += CudaDense.DEPTH) {
            words.add(new long[] {
                s.address() + 2L * from,
                w.address() + 2L * from,
                pair(s.stride(), w.stride()),
                pair(columns.start(), columns.end()),
                s.columns() - from
            });
        }
        return words;
    }

    private static long pair(int low, int high) {
        return Integer.toUnsignedLong(low) | (long) high << 32;
    }
}
