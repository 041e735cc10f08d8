package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.machinecode.ByteRowKernel;
import io.livegraft.gpu.machinecode.Fetched;
import io.livegraft.gpu.machinecode.StripForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What frozen adapters add in decode steps, and in prompts that multiply bytes: a worker takes a whole adapter, shrink and expand, so
 * that no product waits for another worker's and each worker reads long streams. Few adapters are shared out pair by pair, and those
 * with many rows, as in prompts, by rows.
 *
 * <p>Where decode steps multiply bytes so do these, x and {@code s·h} in blocks of {@link ByteRowKernel}'s, else in bfloat16.
 */
final class LowRankDecode {
    /** Adapters for each worker below which they are shared out pair by pair. */
    private static final int MANY = 4;

    /** Rows of a task, where a part has several times as many. */
    private static final int PIECE = 32;

    /** A thread's own memory: rows of x as kernels read them, and of h. */
    private static final class Scratch {
        private final NativeBuffer wide = new NativeBuffer();
        private final NativeBuffer narrow = new NativeBuffer();
        private float[] hidden = new float[0];
        private float[] padded = new float[0];

        CpuTensor hidden(int rows, int columns) {
            if (hidden.length < rows * columns) {
                hidden = new float[rows * columns];
            }
            return new CpuTensor(hidden, 0, rows, columns);
        }

        /** Rows {@code row} to {@code row + count} with as many columns as a factor has. */
        CpuTensor padded(CpuTensor x, int row, int count, int columns) {
            if (x.columns() == columns) {
                return x.rowBlock(row, count);
            }
            if (padded.length < count * columns) {
                padded = new float[count * columns];
            }
            Arrays.fill(padded, 0);
            for (int m = 0; m < count; m++) {
                System.arraycopy(x.data(), x.row(row + m), padded, m * columns, x.columns());
            }
            return new CpuTensor(padded, 0, count, columns);
        }
    }

    private final Workers workers;
    private final StripKernels kernels;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    LowRankDecode(Workers workers, StripKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
    }

    /** Whether all factors lie in strips. */
    static boolean takes(List<LowRankRows> parts) {
        return all(parts, pair -> pair.shrink() instanceof StripFactor);
    }

    /** Whether all factors, which lie in strips, are whole numbers in decode steps. */
    static boolean inBytes(List<LowRankRows> parts) {
        return all(parts, pair -> StripFactor.of(pair.shrink()).decode().form().bytes());
    }

    private static boolean all(List<LowRankRows> parts, Predicate<LowRankPair> condition) {
        for (LowRankRows part : parts) {
            for (Optional<LowRankPair> pair : part.pairs()) {
                if (pair.isPresent() && !condition.test(pair.get())) {
                    return false;
                }
            }
        }
        return true;
    }

    void run(List<CpuTensor> ys, List<LowRankRows> parts) {
        if (parts.size() >= MANY * workers.threads()) {
            workers.run(parts.size(), task -> add(ys, parts.get(task), 0, ys.size()));
            return;
        }
        List<LowRankRows> few = new ArrayList<>(parts.size());
        for (LowRankRows part : parts) {
            if (part.count() < MANY * workers.threads() * PIECE) {
                few.add(part);
            } else {
                int pieces = Math.ceilDiv(part.count(), PIECE);
                workers.run(pieces, piece -> {
                    int row = piece * PIECE;
                    add(ys, part, 0, ys.size(), row, Math.min(part.count(), row + PIECE));
                });
            }
        }
        workers.run(few.size() * ys.size(), task -> {
            int layer = task % ys.size();
            add(ys, few.get(task / ys.size()), layer, layer + 1);
        });
    }

    private void add(List<CpuTensor> ys, LowRankRows part, int from, int to) {
        add(ys, part, from, to, 0, part.count());
    }

    /** Of layers {@code from} to {@code to}, which share x: it is rounded once; rows {@code first} to {@code end} of the part. */
    private void add(List<CpuTensor> ys, LowRankRows part, int from, int to, int first, int end) {
        Scratch mine = scratch.get();
        CpuTensor x = CpuTensor.of(part.x());
        for (int row = first; row < end; ) {
            Optional<DecodeRows> rows = Optional.empty();
            int count = end - row;
            for (int i = from; i < to; i++) {
                if (part.pairs().get(i).isPresent()) {
                    LowRankPair pair = part.pairs().get(i).get();
                    StripWeight shrink = StripFactor.of(pair.shrink()).decode();
                    if (rows.isEmpty()) {
                        count = Math.min(count, group(shrink.form(), end - first));
                        rows = Optional.of(
                                pack(mine.wide, mine.padded(x, row, count, shrink.inputFeatures()), shrink.form()));
                    }
                    add(ys.get(i), part.start() + row, rows.get(), shrink, pair, mine);
                }
            }
            row += count;
        }
    }

    private void add(CpuTensor y, int row, DecodeRows x, StripWeight shrink, LowRankPair pair, Scratch mine) {
        StripWeight expand = StripFactor.of(pair.expand()).decode();
        CpuTensor h = mine.hidden(x.count(), expand.inputFeatures());
        hidden(h, x, shrink, pair);
        pack(mine.narrow, h, expand.form()).multiply(y, row, expand, 0, expand.stripCount(), true, Fetched.NOTHING);
    }

    /** {@code s·x·Aᵀ}, zeros behind it. */
    private static void hidden(CpuTensor h, DecodeRows x, StripWeight shrink, LowRankPair pair) {
        int computed = shrink.stripCount() * StripForm.OUTPUTS;
        x.kernel(h.memory(0), (long) Float.BYTES * h.columns(), shrink, 0, shrink.stripCount(), false, Fetched.NOTHING);
        for (int m = 0; m < h.rows(); m++) {
            int first = h.row(m);
            for (int i = first; i < first + computed; i++) {
                h.data()[i] *= pair.scaling();
            }
            Arrays.fill(h.data(), first + computed, first + h.columns(), 0);
        }
    }

    private int group(StripForm form, int rows) {
        return form.bytes() ? ByteRowKernel.MOST_ROWS : StripRows.group(kernels, rows);
    }

    private DecodeRows pack(NativeBuffer buffer, CpuTensor x, StripForm form) {
        return form.bytes()
                ? ByteRows.pack(kernels.bytes().orElseThrow(), buffer, x, 0, x.rows(), form)
                : StripRows.pack(kernels, buffer, x, 0, x.rows(), x.columns(), 1);
    }
}
