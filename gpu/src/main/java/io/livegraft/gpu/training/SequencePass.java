package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.Transformer.Tape;
import java.util.List;
import java.util.Optional;

/**
 * One pass over the base with several sequences packed into it: their log-probabilities and the gradients of these. Rows of
 * different sequences never see each other, so that a sequence's numbers are the same bits alone and among others.
 *
 * <pre>{@code
 *   log p(y|x) = Σ_{t ≥ firstTarget} log p(token[t] | token[<t])          nats
 * }</pre>
 */
final class SequencePass {
    private final Backend backend;
    private final Transformer transformer;
    private final HeadLoss head;
    private final List<ScoredSequence> sequences;
    private final Tape tape;
    private final Optional<Tensor> dHidden;

    private SequencePass(
            Backend backend,
            Transformer transformer,
            List<ScoredSequence> sequences,
            Tape tape,
            Optional<Tensor> dHidden) {
        this.backend = backend;
        this.transformer = transformer;
        this.head = new HeadLoss(backend, transformer, HeadLoss.CHUNK_ROWS);
        this.sequences = sequences;
        this.tape = tape;
        this.dHidden = dHidden;
    }

    /** Forward only: log p of each sequence. */
    static double[] score(Backend backend, Transformer transformer, List<ScoredSequence> sequences) {
        Tape tape = transformer.infer(
                sequences.stream().map(ScoredSequence::segment).toList());
        SequencePass pass = new SequencePass(backend, transformer, sequences, tape, Optional.empty());
        double[] scores = new double[sequences.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = pass.score(i);
        }
        return scores;
    }

    /** Forward, keeping what {@link #backward} needs. */
    static SequencePass record(Backend backend, Transformer transformer, List<ScoredSequence> sequences) {
        Tape tape = transformer.record(
                sequences.stream().map(ScoredSequence::segment).toList());
        Tensor dHidden = backend.allocate(tape.hidden().rows(), tape.hidden().columns());
        return new SequencePass(backend, transformer, sequences, tape, Optional.of(dHidden));
    }

    /** Log p of the sequence at {@code index}. */
    double score(int index) {
        return -head.nll(targetRows(tape.hidden(), index), sequences.get(index).targets());
    }

    /**
     * Lets {@link #backward} add the gradient of {@code coefficient · log p} of the sequence at {@code index}.
     *
     * @return log p, the bits of {@link #score(int)}
     */
    double weigh(int index, double coefficient) {
        return -head.backward(
                targetRows(dHidden.orElseThrow(), index),
                targetRows(tape.hidden(), index),
                sequences.get(index).targets(),
                (float) -coefficient);
    }

    /** Adds the gradients of all weighed sequences into whatever is trained; once. */
    void backward() {
        transformer.backward(tape, dHidden.orElseThrow());
    }

    /** Rows that predict targets: row t predicts token t + 1. */
    private Tensor targetRows(Tensor hidden, int index) {
        TrainingExample example = sequences.get(index).example();
        return backend.rows(hidden, tape.start(index) + example.firstTarget() - 1, example.targetTokens());
    }
}
