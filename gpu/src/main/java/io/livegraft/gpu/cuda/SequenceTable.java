package io.livegraft.gpu.cuda;

/** The sequences of a launch, as attention.cuh's {@code Sequence} has them. */
final class SequenceTable {
    private static final int FIELDS = 8;

    private final long[] lines;
    private int count;
    private int longest;

    SequenceTable(int sequences) {
        this.lines = new long[FIELDS * sequences];
    }

    /** One more; strides in elements. */
    void add(
            int row,
            int rows,
            int position,
            long keys,
            long values,
            long positionStride,
            long headStride,
            long layerStride) {
        long[] line = {row, rows, position, keys, values, positionStride, headStride, layerStride};
        System.arraycopy(line, 0, lines, FIELDS * count++, FIELDS);
        longest = Math.max(longest, rows);
    }

    int count() {
        return count;
    }

    /** Queries of the longest. */
    int longest() {
        return longest;
    }

    /** Its address for the launches that are queued next. */
    long send(CudaDevice device) {
        return device.longs(lines);
    }
}
