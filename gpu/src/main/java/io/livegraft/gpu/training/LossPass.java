package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Losses of several tasks and their gradients, in passes over one base that they share: first what the reference scores, then
 * the policies' scores that enter statistics, then slices of forward and backward. Sequences of different tasks stand side by
 * side in a slice, each with its own adapter; since gradients are summed sequence by sequence, a task's loss, gradient and
 * statistics are the same bits alone, in company, and for every bound on the slices.
 *
 * <p>Gradients are added to those of the tasks' policies, which start at zero.
 */
public final class LossPass implements SlicedWork<List<LossReport>> {
    private final Backend backend;
    private final Transformer transformer;
    private final int sliceTokens;
    private final List<LossScores> scores;
    private final ScoringPass reference;
    private final ScoringPass policy;
    private List<LossTerms> losses = List.of();
    private List<List<LossTerms.Term>> slices = List.of();
    private int next;

    /**
     * @param transformer of the policies
     * @param reference of the references: the same, unless its own weights are trained
     * @param sliceTokens of one slice at most; a longer sequence, or pair, is a slice of its own
     */
    public LossPass(
            Backend backend, Transformer transformer, Transformer reference, List<LossTask> tasks, int sliceTokens) {
        this.backend = backend;
        this.transformer = transformer;
        this.sliceTokens = sliceTokens;
        int maxTokens = transformer.config().maxPositions();
        this.scores =
                tasks.stream().map(task -> new LossScores(task, maxTokens)).toList();
        this.reference = new ScoringPass(backend, reference, all(LossScores::reference), sliceTokens);
        this.policy = new ScoringPass(backend, transformer, all(LossScores::policy), sliceTokens);
    }

    private List<ScoredSequence> all(Function<LossScores, List<ScoredSequence>> part) {
        return scores.stream().flatMap(one -> part.apply(one).stream()).toList();
    }

    @Override
    public boolean advance() {
        if (!reference.done()) {
            reference.advance();
        } else if (!policy.done()) {
            policy.advance();
        } else {
            if (slices.isEmpty()) {
                begin();
            }
            addGradients(slices.get(next++));
        }
        return done();
    }

    private boolean done() {
        return !slices.isEmpty() && next == slices.size();
    }

    @Override
    public List<LossReport> result() {
        if (!done()) {
            throw new IllegalStateException("the losses are not computed yet");
        }
        return losses.stream().map(LossTerms::report).toList();
    }

    /** Hands each task its own scores. */
    private void begin() {
        List<LossTerms> begun = new ArrayList<>();
        int referenceFrom = 0;
        int policyFrom = 0;
        for (LossScores one : scores) {
            int referenceTo = referenceFrom + one.reference().size();
            int policyTo = policyFrom + one.policy().size();
            begun.add(one.terms(
                    Arrays.copyOfRange(reference.result(), referenceFrom, referenceTo),
                    Arrays.copyOfRange(policy.result(), policyFrom, policyTo)));
            referenceFrom = referenceTo;
            policyFrom = policyTo;
        }
        losses = begun;
        slices = Slices.cut(
                losses.stream().flatMap(loss -> loss.terms().stream()).toList(), LossTerms.Term::tokens, sliceTokens);
    }

    private void addGradients(List<LossTerms.Term> slice) {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            addGradientsOf(slice);
        }
    }

    private void addGradientsOf(List<LossTerms.Term> slice) {
        SequencePass pass = SequencePass.record(
                backend,
                transformer,
                slice.stream().flatMap(term -> term.sequences().stream()).toList());
        int first = 0;
        for (LossTerms.Term term : slice) {
            int from = first;
            int count = term.sequences().size();
            double[] coefficients = term.coefficients(() -> IntStream.range(0, count)
                    .mapToDouble(s -> pass.score(from + s))
                    .toArray());
            term.complete(IntStream.range(0, count)
                    .mapToDouble(s -> pass.weigh(from + s, coefficients[s]))
                    .toArray());
            first += count;
        }
        pass.backward();
    }
}
