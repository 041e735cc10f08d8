package io.livegraft.gpu.cuda;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Rows of tables by id; formulas: {@code Backend.embed}, kernels: embedding.cu. */
final class CudaEmbedding {
    private static final int THREADS = 128;

    private final CudaDevice device;
    private final CudaKernel forward;
    private final CudaKernel backward;

    CudaEmbedding(CudaDevice device) {
        this.device = device;
        this.forward = device.kernel("embedding", "embed_float");
        this.backward = device.kernel("embedding", "embed_backward");
    }

    /** From a float32 table (V,C). */
    void forward(CudaTensor y, CudaTensor table, int[] ids) {
        y.requireShape(ids.length, table.columns());
        requireIds(ids, table.rows());
        forward.arguments()
                .tensor(y)
                .tensor(table)
                .address(device.ints(ids))
                .integer(table.columns())
                .launch(ids.length, THREADS);
    }

    /** Rows of one id follow each other in the order they have, so that each id is a block's own. */
    void backward(CudaTensor dTable, CudaTensor dy, int[] ids) {
        dy.requireShape(ids.length, dTable.columns());
        requireIds(ids, dTable.rows());
        int[] rows = IntStream.range(0, ids.length)
                .boxed()
                .sorted(Comparator.comparingInt(n -> ids[n]))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] starts = IntStream.range(0, ids.length)
                .filter(i -> i == 0 || ids[rows[i]] != ids[rows[i - 1]])
                .toArray();
        int[] groups = Stream.of(
                        Arrays.stream(starts),
                        IntStream.of(ids.length),
                        Arrays.stream(starts).map(start -> ids[rows[start]]),
                        Arrays.stream(rows))
                .flatMapToInt(part -> part)
                .toArray();
        backward.arguments()
                .tensor(dTable)
                .tensor(dy)
                .address(device.ints(groups))
                .integer(dTable.columns())
                .launch(starts.length, THREADS);
    }

    private static void requireIds(int[] ids, int rows) {
        if (Arrays.stream(ids).anyMatch(id -> id < 0 || id >= rows)) {
            throw new IllegalArgumentException(
                    "an id of %s is outside a table of %d rows".formatted(Arrays.toString(ids), rows));
        }
    }
}
