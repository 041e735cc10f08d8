package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Phase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Segments laid one behind the other; rows of different segments never see each other. */
final class Batch {
    private final List<Segment> segments;
    private final int[] starts;
    private final int[] ids;
    private final int[] positions;
    private final List<Run> runs;
    private final List<AdaptedRows> adapted;
    private final List<Steps> steps;
    private final List<Sequences> sequences;

    Batch(List<Segment> segments) {
        this.segments = List.copyOf(segments);
        this.starts = new int[segments.size()];
        int rows = segments.stream().mapToInt(segment -> segment.ids().length).sum();
        this.ids = new int[rows];
        this.positions = new int[rows];
        int row = 0;
        for (int s = 0; s < segments.size(); s++) {
            Segment segment = segments.get(s);
            starts[s] = row;
            for (int i = 0; i < segment.ids().length; i++) {
                ids[row] = segment.ids()[i];
                positions[row++] = segment.position() + i;
            }
        }
        this.runs = runs(this.segments);
        this.adapted = AdaptedRows.merged(this);
        this.steps = steps(this.segments, starts);
        this.sequences = sequences(this.segments, starts);
    }

    /** Neighbouring segments that feed one token each to a cache, from row {@code start} on. */
    record Steps(int start, List<KvCache> caches, int[] positions) {
        int count() {
            return positions.length;
        }
    }

    private static List<Steps> steps(List<Segment> segments, int[] starts) {
        List<Steps> steps = new ArrayList<>();
        for (int from = 0; from < segments.size(); from++) {
            int to = from;
            while (to < segments.size() && isStep(segments.get(to))) {
                to++;
            }
            if (from < to) {
                List<Segment> some = segments.subList(from, to);
                List<KvCache> caches =
                        some.stream().flatMap(step -> step.cache().stream()).toList();
                int[] positions = some.stream().mapToInt(Segment::position).toArray();
                steps.add(new Steps(starts[from], caches, positions));
                from = to;
            }
        }
        return List.copyOf(steps);
    }

    /** Neighbouring segments without a cache, from row {@code start} on. */
    record Sequences(int start, int[] lengths) {
        int count() {
            return Arrays.stream(lengths).sum();
        }
    }

    private static List<Sequences> sequences(List<Segment> segments, int[] starts) {
        List<Sequences> sequences = new ArrayList<>();
        for (int from = 0; from < segments.size(); from++) {
            int to = from;
            while (to < segments.size() && segments.get(to).cache().isEmpty()) {
                to++;
            }
            if (from < to) {
                int[] lengths = segments.subList(from, to).stream()
                        .mapToInt(segment -> segment.ids().length)
                        .toArray();
                sequences.add(new Sequences(starts[from], lengths));
                from = to;
            }
        }
        return List.copyOf(sequences);
    }

    static boolean isStep(Segment segment) {
        return segment.ids().length == 1 && segment.cache().isPresent();
    }

    /** Neighbouring rows whose segments are of one phase. */
    record Run(Phase phase, int start, int count) {}

    private static List<Run> runs(List<Segment> segments) {
        List<Run> runs = new ArrayList<>();
        int row = 0;
        for (Segment segment : segments) {
            int count = segment.ids().length;
            if (!runs.isEmpty() && runs.getLast().phase() == segment.phase()) {
                Run last = runs.removeLast();
                runs.add(new Run(last.phase(), last.start(), last.count() + count));
            } else {
                runs.add(new Run(segment.phase(), row, count));
            }
            row += count;
        }
        return List.copyOf(runs);
    }

    /** All rows, cut where the phase changes. */
    List<Run> runs() {
        return runs;
    }

    /** Rows with adapters; neighbours with the same one together. */
    List<AdaptedRows> adapted() {
        return adapted;
    }

    /** All segments of which {@link #isStep} is true. */
    List<Steps> steps() {
        return steps;
    }

    /** All segments that have no cache. */
    List<Sequences> sequences() {
        return sequences;
    }

    List<Segment> segments() {
        return segments;
    }

    /** First row of a segment. */
    int start(int segment) {
        return starts[segment];
    }

    int rows() {
        return ids.length;
    }

    int[] ids() {
        return ids;
    }

    int[] positions() {
        return positions;
    }
}
