package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.machinecode.ByteRowKernel;
import io.livegraft.gpu.machinecode.Fetched;
import io.livegraft.gpu.machinecode.StripForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code y = x · wᵀ} of a decode step, for one weight or several over the same rows: few rows, so that reading the weights is the
 * work. {@link ByteRows} multiplies where the machine can and the form allows, else {@link StripRows}. Rows that are too many for one
 * call of a kernel are several groups, but weights are read from memory once.
 */
final class StripDecode {
    /** Less than this is not worth handing over. */
    private static final long TASK_WEIGHTS = 60_000;

    /** A task is one stream of memory, better long; more than one a thread, for when a core is taken away. */
    private static final int TASKS_PER_THREAD = 2;

    /** Of weights that several groups of rows are multiplied with in turn: they and the next ones stay in a core's own cache. */
    private static final int NEAR_BLOCKS = 128;

    /** While adapters are fetched: tiles fetch so much beside a block that more would not be of one adapter. */
    private static final int FETCH_BLOCKS = 64;

    /** Groups that fetch the next blocks, a part each: all of a block of 4 bits. */
    private static final int FETCHING_GROUPS = 3;

    /** Of rows: fewer are packed before others have heard of it. */
    private static final int GROUPS = 16;

    private final Workers workers;
    private final StripKernels kernels;
    /** One for each group of rows. */
    private final List<NativeBuffer> buffers = new ArrayList<>();

    StripDecode(Workers workers, StripKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
    }

    /** Called by one thread at a time, like the backend. */
    void run(List<CpuTensor> ys, CpuTensor x, List<StripWeight> ws, List<LowRankRows> next) {
        for (int from = 0; from < ws.size(); ) {
            int to = from + 1;
            while (to < ws.size() && ws.get(to).form() == ws.get(from).form()) {
                to++;
            }
            oneForm(ys.subList(from, to), x, ws.subList(from, to), from == 0 ? next : List.of());
            from = to;
        }
    }

    private void oneForm(List<CpuTensor> ys, CpuTensor x, List<StripWeight> ws, List<LowRankRows> next) {
        List<DecodeRows> groups = pack(x, ws.getFirst().form());
        int strips = 0;
        for (StripWeight w : ws) {
            strips += w.stripCount();
        }
        long least = Math.max(
                1, TASK_WEIGHTS / ((long) StripForm.OUTPUTS * ws.getFirst().inputFeatures()));
        int task = (int) Math.max(least, Math.ceilDiv(strips, TASKS_PER_THREAD * workers.threads()));
        int tasks = Math.ceilDiv(strips, task);
        boolean idle = x.rows() > ByteRowKernel.MOST_ROWS && groups.getFirst() instanceof ByteRows;
        FactorFetch fetch = idle ? FactorFetch.of(next) : FactorFetch.NOTHING;
        long blocks = (long) task * ws.getFirst().blocks() * groups.size();
        workers.run(tasks, index -> multiply(ys, groups, ws, index * task, task, fetch.cursor(index, tasks, blocks)));
    }

    /** As many rows in each group as a kernel takes. */
    private List<DecodeRows> pack(CpuTensor x, StripForm form) {
        Optional<ByteKernels> bytes = kernels.bytes().filter(_ -> form.bytes());
        int most = bytes.map(kernel -> ByteRows.group(kernel, x.rows()))
                .orElseGet(() -> StripRows.group(kernels, x.rows()));
        DecodeRows[] packed = new DecodeRows[Math.ceilDiv(x.rows(), most)];
        while (buffers.size() < packed.length) {
            buffers.add(new NativeBuffer());
        }
        workers.run(packed.length, packed.length >= GROUPS, group -> {
            int row = group * most;
            int count = Math.min(most, x.rows() - row);
            NativeBuffer buffer = buffers.get(group);
            packed[group] = bytes.<DecodeRows>map(kernel -> ByteRows.pack(kernel, buffer, x, row, count, form))
                    .orElseGet(() -> StripRows.pack(kernels, buffer, x, row, count, x.columns(), 1));
        });
        return List.of(packed);
    }

    /** Strips {@code from} to {@code from + count} of all weights one behind the other. */
    private static void multiply(
            List<CpuTensor> ys,
            List<DecodeRows> groups,
            List<StripWeight> ws,
            int from,
            int count,
            FactorFetch.Cursor fetch) {
        int first = 0;
        for (int i = 0; i < ws.size(); i++) {
            int end = first + ws.get(i).stripCount();
            int begin = Math.max(first, from);
            int to = Math.min(end, from + count);
            if (begin < to) {
                multiply(ys.get(i), groups, ws.get(i), begin - first, to - first, fetch);
            }
            first = end;
        }
    }

    /** A few strips at a time, which stay near while one group of rows after the other is multiplied with them. */
    private static void multiply(
            CpuTensor y, List<DecodeRows> groups, StripWeight w, int from, int to, FactorFetch.Cursor fetch) {
        int near = groups.size() == 1 ? to - from : Math.max(1, NEAR_BLOCKS / w.blocks());
        int few = Math.max(1, FETCH_BLOCKS / w.blocks());
        for (int strip = from, together; strip < to; strip += together) {
            together = evenly(to - strip, fetch.done() ? near : few);
            int row = 0;
            for (int group = 0; group < groups.size(); group++) {
                DecodeRows rows = groups.get(group);
                long ahead = ahead(group, groups.size(), together * w.stripBytes());
                Fetched fetched = fetch.next(rows, (long) together * w.blocks(), ahead);
                rows.multiply(y, row, w, strip, strip + together, false, fetched);
                row += rows.count();
            }
        }
    }

    /** At most {@code most}, so that no piece of {@code count} is much smaller than the others. */
    private static int evenly(int count, int most) {
        return Math.ceilDiv(count, Math.ceilDiv(count, most));
    }

    /** From a block to what the last groups fetch of the one as far ahead as the strips at hand have bytes; 0 for nothing. */
    private static long ahead(int group, int groups, long bytes) {
        int part = group - Math.max(0, groups - FETCHING_GROUPS);
        return groups == 1 || part < 0 ? 0 : bytes + (long) part * Fetched.WEIGHT_LINES * Fetched.LINE;
    }
}
