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
    }

    /** Neighbouring rows whose segments are of one phase. */
    record Run(Phase phase, int start, int count) {}

    /** All rows, cut where the phase changes. */
    List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        for (int s = 0; s < segments.size(); s++) {
            Phase phase = segments.get(s).phase();
            int count = segments.get(s).ids().length;
            if (!runs.isEmpty() && runs.getLast().phase() == phase) {
                Run last = runs.removeLast();
                runs.add(new Run(phase, last.start(), last.count() + count));
            } else {
                runs.add(new Run(phase, starts[s], count));
            }
        }
        return runs;
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
