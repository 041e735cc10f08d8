package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.StripForm;
import java.util.List;
import java.util.Optional;

/**
 * {@code y = x · wᵀ} of a decode step, for one weight or several over the same rows: few rows, so that reading the weights is the
 * work. {@link ByteRows} multiplies where the machine can and the form allows, else {@link StripRows}.
 */
final class StripDecode {
    /** Less than this is not worth handing over. */
    private static final long TASK_WEIGHTS = 60_000;

    /** A task is one stream of memory, better long; more than one a thread, for when a core is taken away. */
    private static final int TASKS_PER_THREAD = 2;

    private final Workers workers;
    private final StripKernels kernels;
    private final NativeBuffer buffer = new NativeBuffer();

    StripDecode(Workers workers, StripKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
    }

    /** Called by one thread at a time, like the backend. */
    void run(List<CpuTensor> ys, CpuTensor x, List<StripWeight> ws) {
        for (int from = 0; from < ws.size(); ) {
            int to = from + 1;
            while (to < ws.size() && ws.get(to).form() == ws.get(from).form()) {
                to++;
            }
            oneForm(ys.subList(from, to), x, ws.subList(from, to));
            from = to;
        }
    }

    private void oneForm(List<CpuTensor> ys, CpuTensor x, List<StripWeight> ws) {
        StripForm form = ws.getFirst().form();
        Optional<ByteKernels> bytes = kernels.bytes().filter(_ -> form.bytes());
        int group = bytes.map(kernel -> ByteRows.group(kernel, x.rows()))
                .orElseGet(() -> StripRows.group(kernels, x.rows()));
        for (int row = 0; row < x.rows(); row += group) {
            int first = row;
            int count = Math.min(group, x.rows() - row);
            DecodeRows rows = bytes.<DecodeRows>map(kernel -> ByteRows.pack(kernel, buffer, x, first, count, form))
                    .orElseGet(() -> StripRows.pack(kernels, buffer, x, first, count, x.columns(), 1));
            share(ys, row, ws, rows);
        }
    }

    /** A task is a run of strips of one weight or of neighbours. */
    private void share(List<CpuTensor> ys, int row, List<StripWeight> ws, DecodeRows rows) {
        int strips = 0;
        for (StripWeight w : ws) {
            strips += w.stripCount();
        }
        long least = Math.max(
                1, TASK_WEIGHTS / ((long) StripForm.OUTPUTS * ws.getFirst().inputFeatures()));
        int task = (int) Math.max(least, Math.ceilDiv(strips, TASKS_PER_THREAD * workers.threads()));
        workers.run(Math.ceilDiv(strips, task), index -> {
            int from = index * task;
            int first = 0;
            for (int i = 0; i < ws.size(); i++) {
                int end = first + ws.get(i).stripCount();
                int begin = Math.max(first, from);
                int to = Math.min(end, from + task);
                if (begin < to) {
                    rows.multiply(ys.get(i), row, ws.get(i), begin - first, to - first, false);
                }
                first = end;
            }
        });
    }
}
