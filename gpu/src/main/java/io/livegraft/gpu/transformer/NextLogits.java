package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.DrawnLogits;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the next token of each sequence is drawn from. Decode steps share one product with the head, and those with one adapter stand
 * side by side, so that it is read once; who stands where does not show in a row's bits.
 */
public final class NextLogits {
    /** Rows of one segment whose logits are there at once: with a vocabulary of 49,152, 12 MB. */
    private static final int MOST_ROWS = 64;

    private final Backend backend;
    private final Transformer transformer;
    /** Taken again by every row. */
    private final float[] room;

    public NextLogits(Backend backend, Transformer transformer) {
        this.backend = backend;
        this.transformer = transformer;
        this.room = new float[transformer.config().vocabSize()];
    }

    /** Feeds all segments in one pass over the base; readers are called before it returns, and read logits before they do. */
    public void feed(List<Feed> feeds) {
        boolean steps = feeds.stream().allMatch(Feed::isStep);
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use();
                var _ = steps ? backend.repeated() : backend.temporaries()) {
            fed(ordered(feeds));
        }
    }

    private void fed(List<Feed> feeds) {
        Transformer.Tape tape =
                transformer.infer(feeds.stream().map(Feed::segment).toList());
        int steps = 0;
        while (steps < feeds.size() && feeds.get(steps).isStep()) {
            steps++;
        }
        if (steps > 0) {
            Tensor hidden = backend.rows(tape.hidden(), 0, steps);
            read(hidden, Phase.DECODE, feeds.subList(0, steps));
        }
        for (int s = steps; s < feeds.size(); s++) {
            Feed feed = feeds.get(s);
            int end = tape.start(s) + feed.segment().ids().length;
            for (int row = end - feed.read(); row < end; row += MOST_ROWS) {
                int count = Math.min(MOST_ROWS, end - row);
                Tensor hidden = backend.rows(tape.hidden(), row, count);
                read(hidden, feed.segment().phase(), Collections.nCopies(count, feed));
            }
        }
    }

    /** Decode steps adapter by adapter, then other rows of that phase, then the others. */
    private static List<Feed> ordered(List<Feed> feeds) {
        Map<Optional<AdapterTensors>, List<Feed>> steps = new LinkedHashMap<>();
        feeds.stream().filter(Feed::isStep).forEach(step -> steps.computeIfAbsent(
                        step.segment().adapter(), _ -> new ArrayList<>())
                .add(step));
        List<Feed> ordered = new ArrayList<>();
        steps.values().forEach(ordered::addAll);
        feeds.stream()
                .filter(feed -> !feed.isStep() && feed.segment().phase() == Phase.DECODE)
                .forEach(ordered::add);
        feeds.stream().filter(feed -> feed.segment().phase() != Phase.DECODE).forEach(ordered::add);
        return ordered;
    }

    /** @param feeds whose row each is */
    private void read(Tensor hidden, Phase phase, List<Feed> feeds) {
        try (var _ = backend.temporaries()) {
            Tensor logits = transformer.logits(hidden, phase);
            double[] sums = backend.logSumExp(logits);
            boolean anyLikeliest = feeds.stream().anyMatch(feed -> feed.reader() instanceof Feed.Likeliest);
            LargestLogits largest =
                    anyLikeliest ? backend.largest(logits) : new LargestLogits(new int[0], new float[0]);
            DrawnLogits drawn = drawn(logits, feeds);
            int draws = 0;
            for (int row = 0; row < feeds.size(); row++) {
                switch (feeds.get(row).reader()) {
                    case Feed.Nothing _ -> {}
                    case Feed.Likeliest(var taker) ->
                        taker.accept(new DrawnToken(largest.ids()[row], (float) (largest.values()[row] - sums[row])));
                    case Feed.Drawn asked -> {
                        asked.taker().accept(new DrawnToken(drawn.ids()[draws], (float)
                                (drawn.values()[draws] - sums[row])));
                        draws++;
                    }
                    case Feed.Last(var taker) -> taker.accept(next(logits, row, sums[row]));
                    case Feed.Every(var taker) -> taker.accept(next(logits, row, sums[row]));
                }
            }
        }
    }

    /** In the order of the rows that ask for it. */
    private DrawnLogits drawn(Tensor logits, List<Feed> feeds) {
        List<Draw> draws = new ArrayList<>();
        int[] rows = new int[feeds.size()];
        for (int row = 0; row < rows.length; row++) {
            if (feeds.get(row).reader() instanceof Feed.Drawn asked) {
                rows[draws.size()] = row;
                draws.add(asked.draw().get());
            }
        }
        return draws.isEmpty()
                ? new DrawnLogits(new int[0], new float[0])
                : backend.draw(logits, Arrays.copyOf(rows, draws.size()), draws);
    }

    private NextToken next(Tensor logits, int row, double sum) {
        backend.download(room, backend.rows(logits, row, 1));
        return new NextToken(room, sum);
    }
}
