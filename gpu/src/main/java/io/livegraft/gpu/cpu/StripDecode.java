package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TileScratch;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code y = x · wᵀ} of a decode step, for one weight or several over the same rows: few rows, so that reading the weight is the work.
 * One row is multiplied in registers, more on tiles where the processor has them, with the same bits ({@link RowKernel} has the formula).
 */
final class StripDecode {
    private static final int OUTPUTS = StripForm.OUTPUTS;
    /** Less than this is not worth handing over. */
    private static final long TASK_WEIGHTS = 60_000;

    private final Workers workers;
    private final StripKernels kernels;
    private final ThreadLocal<TileScratch> scratch = ThreadLocal.withInitial(TileScratch::allocate);

    private float[] floats = new float[0];
    private short[] shorts = new short[0];

    StripDecode(Workers workers, StripKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
    }

    /** Called by one thread at a time, like the backend. */
    void run(List<CpuTensor> ys, CpuTensor x, List<StripWeight> ws) {
        int step = kernels.tiles().isPresent() && x.rows() > 1 ? TileKernel.MOST_ROWS : RowKernel.MOST_ROWS;
        for (int row = 0; row < x.rows(); row += step) {
            rows(ys, x, ws, row, Math.min(step, x.rows() - row));
        }
    }

    private void rows(List<CpuTensor> ys, CpuTensor x, List<StripWeight> ws, int row, int count) {
        boolean tiles = kernels.tiles().isPresent() && x.rows() > 1;
        MemorySegment input = tiles ? shorts(x, row, count) : floats(x, row, count);
        int strips = ws.stream().mapToInt(StripWeight::stripCount).sum();
        int task = (int) Math.max(1, TASK_WEIGHTS / ((long) OUTPUTS * x.columns()));
        workers.run(Math.ceilDiv(strips, task), index -> {
            int from = index * task;
            int first = 0;
            for (int i = 0; i < ws.size(); i++) {
                int end = first + ws.get(i).stripCount();
                int begin = Math.max(first, from);
                int to = Math.min(end, from + task);
                if (begin < to) {
                    strips(ys.get(i), input, ws.get(i), row, count, begin - first, to - first, tiles);
                }
                first = end;
            }
        });
    }

    private void strips(
            CpuTensor y, MemorySegment x, StripWeight w, int row, int count, int from, int to, boolean tiles) {
        int whole = Math.min(to, w.outputFeatures() / OUTPUTS);
        if (from < whole) {
            MemorySegment out = MemorySegment.ofArray(y.data()).asSlice(4L * (y.row(row) + from * OUTPUTS));
            kernel(out, 4L * y.columns(), x, w, count, from, whole - from, tiles);
        }
        if (whole < to) {
            float[] last = new float[count * OUTPUTS];
            kernel(MemorySegment.ofArray(last), 4L * OUTPUTS, x, w, count, whole, 1, tiles);
            int width = w.outputFeatures() - whole * OUTPUTS;
            for (int m = 0; m < count; m++) {
                System.arraycopy(last, m * OUTPUTS, y.data(), y.row(row + m) + whole * OUTPUTS, width);
            }
        }
    }

    private void kernel(
            MemorySegment y,
            long yStride,
            MemorySegment x,
            StripWeight w,
            int count,
            int from,
            int strips,
            boolean tiles) {
        if (tiles) {
            TileKernel kernel = kernels.tiles().orElseThrow().decode().get(w.form()).get(count - 1);
            long xStride = 2L * w.inputFeatures();
            kernel.run(w.from(from), x, xStride, y, yStride, w.blocks(), strips, w.constants(), scratch.get());
        } else {
            RowKernel kernel = kernels.rows().get(w.form()).get(count - 1);
            kernel.run(w.from(from), x, y, yStride, w.blocks(), strips, w.constants());
        }
    }

    /** Rows of bfloat16. */
    private MemorySegment shorts(CpuTensor x, int row, int count) {
        int size = count * x.columns();
        if (shorts.length < size) {
            shorts = new short[size];
        }
        MemorySegment out = MemorySegment.ofArray(shorts);
        Rounding.row(out, 0, x.data(), x.row(row), size, 1);
        return out;
    }

    /** Rows of rounded float32, a column's rows side by side. */
    private MemorySegment floats(CpuTensor x, int row, int count) {
        int size = count * x.columns();
        if (floats.length < 2 * size) {
            floats = new float[2 * size];
        }
        if (count == 1) {
            Rounding.floats(floats, 0, x.data(), x.row(row), size);
            return MemorySegment.ofArray(floats);
        }
        Rounding.floats(floats, size, x.data(), x.row(row), size);
        for (int m = 0; m < count; m++) {
            for (int k = 0; k < x.columns(); k++) {
                floats[k * count + m] = floats[size + m * x.columns() + k];
            }
        }
        return MemorySegment.ofArray(floats);
    }
}
