package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import java.util.ArrayList;
import java.util.List;

/** What the next token of each sequence is drawn from. Decode steps that stand side by side share one product with the head. */
public final class NextLogits {
    private final Backend backend;
    private final Transformer transformer;
    /** Taken again by every call: megabytes a step. */
    private final List<float[]> room = new ArrayList<>();

    public NextLogits(Backend backend, Transformer transformer) {
        this.backend = backend;
        this.transformer = transformer;
    }

    /** Feeds all segments; from each one's last row, in order. Logits are read before the next call, which writes over them. */
    public List<NextToken> of(List<Segment> segments) {
        Transformer.Tape tape = transformer.infer(segments);
        List<NextToken> all = new ArrayList<>();
        for (int from = 0; from < segments.size(); ) {
            int count = together(segments.subList(from, segments.size()));
            int firstRow = tape.start(from) + segments.get(from).ids().length - 1;
            Tensor hidden = backend.rows(tape.hidden(), firstRow, count);
            try (Workspace workspace = backend.workspace();
                    var _ = workspace.use()) {
                draw(all, transformer.logits(hidden, segments.get(from).phase()));
            }
            from += count;
        }
        return all;
    }

    private void draw(List<NextToken> all, Tensor logits) {
        double[] sums = backend.logSumExp(logits);
        for (int row = 0; row < logits.rows(); row++) {
            if (all.size() == room.size()) {
                room.add(new float[logits.columns()]);
            }
            float[] values = room.get(all.size());
            backend.download(values, backend.rows(logits, row, 1));
            all.add(new NextToken(values, sums[row]));
        }
    }

    /** How many of the first segments share a product: decode steps have a row each, one behind the other. */
    private static int together(List<Segment> segments) {
        int count = 0;
        while (count < segments.size() && segments.get(count).phase() == Phase.DECODE) {
            count++;
        }
        return Math.max(1, count);
    }
}
