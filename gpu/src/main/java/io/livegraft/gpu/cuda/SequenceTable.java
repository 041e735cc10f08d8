package io.livegraft.gpu.cuda;

/** The sequences of a launch, as attention.cuh's {@code Sequence} has them. */
final class SequenceTable {
    private static final int FIELDS = 11;

    /**
     * One sequence; strides in elements.
     *
     * @param row of its first query
     * @param rows its queries
     * @param position of the first
     * @param keys address of layer 0, head 0, position 0 of page 0
     * @param pages address of its pages' numbers; 0 for page 0 alone
     * @param pageShift logarithm of a page's positions
     */
    record Line(
            int row,
            int rows,
            int position,
            long keys,
            long values,
            long positionStride,
            long headStride,
            long layerStride,
            long pages,
            long pageStride,
            int pageShift) {}

    private final long[] lines;
    private int count;
    private int longest;

    SequenceTable(int sequences) {
        this.lines = new long[FIELDS * sequences];
    }

    void add(Line one) {
        long[] line = {
            one.row,
            one.rows,
            one.position,
            one.keys,
            one.values,
            one.positionStride,
            one.headStride,
            one.layerStride,
            one.pages,
            one.pageStride,
            one.pageShift
        };
        System.arraycopy(line, 0, lines, FIELDS * count++, FIELDS);
        longest = Math.max(longest, one.rows);
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
