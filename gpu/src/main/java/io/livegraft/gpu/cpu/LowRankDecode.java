package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import java.util.List;
import java.util.Optional;

/**
 * What frozen adapters add in decode steps: a worker takes a whole adapter, shrink and expand, so that no product waits for another
 * worker's and each worker reads long streams. Few adapters are shared out pair by pair.
 */
final class LowRankDecode {
    /** Adapters for each worker below which they are shared out pair by pair. */
    private static final int MANY = 4;

    /** A thread's own memory: rows of x as kernels read them, and of h. */
    private static final class Scratch {
        private final NativeBuffer wide = new NativeBuffer();
        private final NativeBuffer narrow = new NativeBuffer();
        private float[] hidden = new float[0];

        CpuTensor hidden(int rows, int rank) {
            if (hidden.length < rows * rank) {
                hidden = new float[rows * rank];
            }
            return new CpuTensor(hidden, 0, rows, rank);
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
        for (LowRankRows part : parts) {
            for (Optional<LowRankPair> pair : part.pairs()) {
                if (pair.isPresent() && !(pair.get().shrink() instanceof StripFactor)) {
                    return false;
                }
            }
        }
        return true;
    }

    void run(List<CpuTensor> ys, List<LowRankRows> parts) {
        if (parts.size() >= MANY * workers.threads()) {
            workers.run(parts.size(), task -> add(ys, parts.get(task), 0, ys.size()));
        } else {
            workers.run(parts.size() * ys.size(), task -> {
                int layer = task % ys.size();
                add(ys, parts.get(task / ys.size()), layer, layer + 1);
            });
        }
    }

    /** Of layers {@code from} to {@code to}. */
    private void add(List<CpuTensor> ys, LowRankRows part, int from, int to) {
        int group = StripRows.group(kernels, part.count());
        for (int row = 0; row < part.count(); row += group) {
            add(ys, part, row, Math.min(group, part.count() - row), from, to);
        }
    }

    /** For a few rows, which are rounded once for all factors of their width. */
    private void add(List<CpuTensor> ys, LowRankRows part, int row, int count, int from, int to) {
        Scratch mine = scratch.get();
        CpuTensor x = CpuTensor.of(part.x());
        Optional<StripRows> rows = Optional.empty();
        for (int i = from; i < to; i++) {
            Optional<LowRankPair> pair = part.pairs().get(i);
            if (pair.isPresent()) {
                StripWeight shrink = weight(pair.get().shrink());
                if (rows.isEmpty()) {
                    rows = Optional.of(StripRows.pack(kernels, mine.wide, x, row, count, shrink.inputFeatures(), 1));
                }
                add(ys.get(i), part.start() + row, rows.get(), pair.get(), mine);
            }
        }
    }

    private void add(CpuTensor y, int row, StripRows x, LowRankPair pair, Scratch mine) {
        StripWeight shrink = weight(pair.shrink());
        StripWeight expand = weight(pair.expand());
        CpuTensor h = mine.hidden(x.count(), pair.rank());
        x.multiply(h, 0, shrink, 0, shrink.stripCount(), false);
        StripRows.pack(kernels, mine.narrow, h, 0, x.count(), expand.inputFeatures(), pair.scaling())
                .multiply(y, row, expand, 0, expand.stripCount(), true);
    }

    private static StripWeight weight(Factor factor) {
        return ((StripFactor) factor).weight();
    }
}
