package io.livegraft.gpu.cpu;

/**
 * What every query head finds for the keys and values that it shares with others; added up in the order of the heads.
 *
 * @param dKeys (H·T, D), a head's rows one behind the other
 * @param dValues the same
 */
record HeadGradients(CpuTensor dKeys, CpuTensor dValues) {
    /** Adds to dk and dv (T, G·D), of {@code rows} positions. */
    void addTo(CpuTensor dk, CpuTensor dv, int rows) {
        int headDim = dKeys.columns();
        int heads = dKeys.rows() / rows;
        int group = heads * headDim / dk.columns();
        for (int head = 0; head < heads; head++) {
            add(dk, head / group * headDim, dKeys, head * rows);
            add(dv, head / group * headDim, dValues, head * rows);
        }
    }

    /** Adds rows {@code from} and on to the columns {@code column} and on of all rows of {@code sum}. */
    private static void add(CpuTensor sum, int column, CpuTensor part, int from) {
        for (int n = 0; n < sum.rows(); n++) {
            int to = sum.row(n) + column;
            int at = part.row(from + n);
            for (int d = 0; d < part.columns(); d++) {
                sum.data()[to + d] += part.data()[at + d];
            }
        }
    }
}
