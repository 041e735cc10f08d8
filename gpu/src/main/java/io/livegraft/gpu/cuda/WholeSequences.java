package io.livegraft.gpu.cuda;

import java.util.Arrays;

/**
 * Sequences with their own keys and values (N, G·D), one behind the other: where a launch finds them.
 *
 * @param sent address of the table
 */
record WholeSequences(SequenceTable table, long sent) {
    /** In float32 where they lie, in bfloat16 in memory of the workspace in use, as (G, N, columns), which is to be written. */
    static WholeSequences of(
            CudaDevice device, CudaKvForm form, CudaTensor k, CudaTensor v, int[] lengths, int headDim) {
        int rows = k.rows();
        if (Arrays.stream(lengths).sum() != rows || Arrays.stream(lengths).anyMatch(length -> length < 1)) {
            throw new IllegalArgumentException("sequences of %s rows in %d".formatted(Arrays.toString(lengths), rows));
        }
        int kvHeads = k.columns() / headDim;
        int columns = form.columns(headDim);
        SequenceTable table =
                switch (form) {
                    case FLOAT32 -> table(lengths, k.address(), v.address(), 4L * k.columns(), k.columns(), headDim);
                    case BF16 -> {
                        long keys = room(device, kvHeads * rows, columns);
                        long values = room(device, kvHeads * rows, columns);
                        yield table(lengths, keys, values, 2L * columns, columns, (long) rows * columns);
                    }
                };
        return new WholeSequences(table, table.send(device));
    }

    /** Of bfloat16. */
    private static long room(CudaDevice device, int rows, int columns) {
        return device.workspaces().unset(rows, columns / 2).address();
    }

    private static SequenceTable table(
            int[] lengths, long keys, long values, long rowBytes, int positionStride, long headStride) {
        SequenceTable table = new SequenceTable(lengths.length);
        int from = 0;
        for (int length : lengths) {
            table.add(new SequenceTable.Line(
                    from,
                    length,
                    0,
                    keys + from * rowBytes,
                    values + from * rowBytes,
                    positionStride,
                    headStride,
                    0,
                    0,
                    0,
                    0));
            from += length;
        }
        return table;
    }
}
