package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.transformer.Transformer;
import java.util.Arrays;
import java.util.List;

/** Log-probabilities of sequences, forward only, slice by slice; in the sequences' order, nats. */
final class ScoringPass implements SlicedWork<double[]> {
    private final Backend backend;
    private final Transformer transformer;
    private final List<List<ScoredSequence>> slices;
    private final double[] scores;
    private int next;
    private int scored;

    ScoringPass(Backend backend, Transformer transformer, List<ScoredSequence> sequences, int sliceTokens) {
        this.backend = backend;
        this.transformer = transformer;
        this.slices = Slices.cut(sequences, ScoredSequence::tokens, sliceTokens);
        this.scores = new double[sequences.size()];
    }

    boolean done() {
        return next == slices.size();
    }

    @Override
    public boolean advance() {
        if (!done()) {
            try (Workspace workspace = backend.workspace();
                    var _ = workspace.use()) {
                double[] more = SequencePass.score(backend, transformer, slices.get(next++));
                System.arraycopy(more, 0, scores, scored, more.length);
                scored += more.length;
            }
        }
        return done();
    }

    @Override
    public double[] result() {
        if (!done()) {
            throw new IllegalStateException("the sequences are not scored yet");
        }
        return Arrays.copyOf(scores, scores.length);
    }
}
