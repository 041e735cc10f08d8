package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Fetched;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;

/** A few rows of x as kernels read them, and their products with strips: a row's bits do not depend on the rows beside it. */
sealed interface DecodeRows permits StripRows, ByteRows {
    int count();

    /**
     * Outputs of whole strips {@code from} to {@code from + strips} at {@code y}, whose rows are {@code yStride} bytes apart.
     *
     * @param fetched meanwhile; what {@link #fetched} has made of it
     */
    void kernel(MemorySegment y, long yStride, StripWeight w, int from, int strips, boolean add, Fetched fetched);

    /** What these rows' kernel fetches beside a block when {@code lines} from {@code other} on are to come, and weights {@code ahead}. */
    Fetched fetched(long other, int lines, long ahead);

    /** Outputs of the strips {@code from} to {@code to} of {@code y = x · wᵀ}, or {@code y += x · wᵀ}; y's first row is {@code row}. */
    default void multiply(CpuTensor y, int row, StripWeight w, int from, int to, boolean add, Fetched fetched) {
        int whole = Math.min(to, w.outputFeatures() / StripForm.OUTPUTS);
        if (from < whole) {
            MemorySegment out = MemorySegment.ofArray(y.data()).asSlice(4L * (y.row(row) + from * StripForm.OUTPUTS));
            kernel(out, 4L * y.columns(), w, from, whole - from, add, fetched);
        }
        if (whole < to) {
            lastStrip(y, row, w, whole, add);
        }
    }

    /** One that has fewer than 16 outputs. */
    private void lastStrip(CpuTensor y, int row, StripWeight w, int strip, boolean add) {
        int first = strip * StripForm.OUTPUTS;
        int width = w.outputFeatures() - first;
        float[] last = new float[count() * StripForm.OUTPUTS];
        for (int m = 0; m < count() && add; m++) {
            System.arraycopy(y.data(), y.row(row + m) + first, last, m * StripForm.OUTPUTS, width);
        }
        kernel(MemorySegment.ofArray(last), 4L * StripForm.OUTPUTS, w, strip, 1, add, Fetched.NOTHING);
        for (int m = 0; m < count(); m++) {
            System.arraycopy(last, m * StripForm.OUTPUTS, y.data(), y.row(row + m) + first, width);
        }
    }
}
