package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the next token of each sequence is drawn from. Decode steps share one product with the head, and those with one adapter stand
 * side by side, so that it is read once; who stands where does not show in a row's bits.
 */
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
        boolean steps = segments.stream().allMatch(segment -> segment.phase() == Phase.DECODE);
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use();
                var _ = steps ? backend.repeated() : backend.temporaries()) {
            return fed(segments);
        }
    }

    private List<NextToken> fed(List<Segment> segments) {
        List<Integer> order = order(segments);
        List<Segment> ordered = order.stream().map(segments::get).toList();
        Transformer.Tape tape = transformer.infer(ordered);
        NextToken[] all = new NextToken[segments.size()];
        for (int from = 0; from < ordered.size(); ) {
            int count = sharing(ordered.subList(from, ordered.size()));
            int firstRow = tape.start(from) + ordered.get(from).ids().length - 1;
            Tensor hidden = backend.rows(tape.hidden(), firstRow, count);
            try (var _ = backend.temporaries()) {
                draw(
                        all,
                        order.subList(from, from + count),
                        transformer.logits(hidden, ordered.get(from).phase()));
            }
            from += count;
        }
        return Arrays.asList(all);
    }

    /** Decode steps adapter by adapter, then the others. */
    private static List<Integer> order(List<Segment> segments) {
        Map<Optional<AdapterTensors>, List<Integer>> steps = new LinkedHashMap<>();
        List<Integer> others = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            boolean step = segment.phase() == Phase.DECODE;
            (step ? steps.computeIfAbsent(segment.adapter(), _ -> new ArrayList<>()) : others).add(i);
        }
        List<Integer> order = new ArrayList<>();
        steps.values().forEach(order::addAll);
        order.addAll(others);
        return order;
    }

    /** Rows of the logits belong to the segments {@code which}. */
    private void draw(NextToken[] all, List<Integer> which, Tensor logits) {
        double[] sums = backend.logSumExp(logits);
        for (int row = 0; row < logits.rows(); row++) {
            int segment = which.get(row);
            float[] values = room(segment, logits.columns());
            backend.download(values, backend.rows(logits, row, 1));
            all[segment] = new NextToken(values, sums[row]);
        }
    }

    private float[] room(int segment, int columns) {
        while (room.size() <= segment) {
            room.add(new float[columns]);
        }
        return room.get(segment);
    }

    /** How many of the first segments share a product: decode steps have a row each, one behind the other. */
    private static int sharing(List<Segment> segments) {
        int count = 0;
        while (count < segments.size() && segments.get(count).phase() == Phase.DECODE) {
            count++;
        }
        return Math.max(1, count);
    }
}
