package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

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

    /** What is taken from logits whose rows belong to the segments {@code which}. */
    private interface Draw<T> {
        List<T> from(Tensor logits, List<Integer> which);
    }

    /** Feeds all segments; from each one's last row, in order. Logits are read before the next call, which writes over them. */
    public List<NextToken> of(List<Segment> segments) {
        return drawn(segments, this::logits);
    }

    /** As {@link #of}, of each the token with the largest logit: no others leave the backend. */
    public List<DrawnToken> likeliest(List<Segment> segments) {
        return drawn(segments, (logits, _) -> likeliest(logits));
    }

    private <T> List<T> drawn(List<Segment> segments, Draw<T> draw) {
        boolean steps = segments.stream().allMatch(segment -> segment.phase() == Phase.DECODE);
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use();
                var _ = steps ? backend.repeated() : backend.temporaries()) {
            return fed(segments, draw);
        }
    }

    private <T> List<T> fed(List<Segment> segments, Draw<T> draw) {
        List<Integer> order = order(segments);
        List<Segment> ordered = order.stream().map(segments::get).toList();
        Transformer.Tape tape = transformer.infer(ordered);
        List<T> drawn = new ArrayList<>();
        while (drawn.size() < ordered.size()) {
            int from = drawn.size();
            int count = sharing(ordered.subList(from, ordered.size()));
            int firstRow = tape.start(from) + ordered.get(from).ids().length - 1;
            Tensor hidden = backend.rows(tape.hidden(), firstRow, count);
            try (var _ = backend.temporaries()) {
                Tensor logits = transformer.logits(hidden, ordered.get(from).phase());
                drawn.addAll(draw.from(logits, order.subList(from, from + count)));
            }
        }
        List<T> all = new ArrayList<>(drawn);
        for (int i = 0; i < drawn.size(); i++) {
            all.set(order.get(i), drawn.get(i));
        }
        return all;
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

    private List<NextToken> logits(Tensor logits, List<Integer> which) {
        double[] sums = backend.logSumExp(logits);
        List<NextToken> tokens = new ArrayList<>();
        for (int row = 0; row < sums.length; row++) {
            float[] values = room(which.get(row), logits.columns());
            backend.download(values, backend.rows(logits, row, 1));
            tokens.add(new NextToken(values, sums[row]));
        }
        return tokens;
    }

    private List<DrawnToken> likeliest(Tensor logits) {
        double[] sums = backend.logSumExp(logits);
        LargestLogits largest = backend.largest(logits);
        return IntStream.range(0, sums.length)
                .mapToObj(row -> new DrawnToken(largest.ids()[row], (float) (largest.values()[row] - sums[row])))
                .toList();
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
