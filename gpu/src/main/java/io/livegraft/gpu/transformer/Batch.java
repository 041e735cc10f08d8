package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Phase;
import java.util.ArrayList;
import java.util.List;

/** Segments laid one behind the other; rows of different segments never see each other. */
final class Batch {
    private final List<Segment> segments;
    private final int[] starts;
    private final int[] ids;
    private final int[] positions;
    private final List<Run> runs;
    private final List<AdaptedRows> adapted;

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
