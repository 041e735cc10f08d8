package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Supervised fine-tuning loss of some examples, forward only or with gradients.
 *
 * <pre>{@code
 *   loss = (1/T) Σ_examples Σ_{t ≥ firstTarget} −log p(token[t] | token[<t])      T = target tokens of the whole step
 * }</pre>
 *
 * Dividing by the step's own total makes accumulation over slices equal to one big batch.
 */
public final class SftPass {
    private final Backend backend;
    private final Transformer transformer;

    public SftPass(Backend backend, Transformer transformer) {
        this.backend = backend;
        this.transformer = transformer;
    }

    /** Sum of −log p over all target tokens, nats. */
    public double evaluate(List<TrainingExample> examples, Optional<AdapterTensors> adapter) {
        Transformer.Tape tape = transformer.infer(segments(examples, adapter));
        double nll = 0;
        for (int i = 0; i < examples.size(); i++) {
            TrainingExample example = examples.get(i);
            nll += backend.crossEntropy(
                    transformer.logits(targetRows(tape, tape.hidden(), i, example)), targets(example), 0);
        }
        return nll;
    }

    /**
     * Adds the gradients of {@code gradientScale · Σ −log p} into whatever is trained.
     *
     * @return the sum of −log p, nats, before scaling
     */
    public double accumulate(List<TrainingExample> examples, Optional<AdapterTensors> adapter, float gradientScale) {
        Transformer.Tape tape = transformer.record(segments(examples, adapter));
        Tensor dHidden = backend.allocate(tape.hidden().rows(), tape.hidden().columns());
        double nll = 0;
        for (int i = 0; i < examples.size(); i++) {
            TrainingExample example = examples.get(i);
            Tensor hidden = targetRows(tape, tape.hidden(), i, example);
            Tensor logits = transformer.logits(hidden);
            nll += backend.crossEntropy(logits, targets(example), gradientScale);
            transformer.logitsBackward(targetRows(tape, dHidden, i, example), logits, hidden);
        }
        transformer.backward(tape, dHidden);
        return nll;
    }

    /** Hidden rows that predict targets: row t predicts token t + 1. */
    private Tensor targetRows(Transformer.Tape tape, Tensor hidden, int index, TrainingExample example) {
        return backend.rows(hidden, tape.start(index) + example.firstTarget() - 1, example.targetTokens());
    }

    private static int[] targets(TrainingExample example) {
        return Arrays.copyOfRange(example.tokens(), example.firstTarget(), example.tokens().length);
    }

    /** Whole examples from position 0; the last token is fed too, which keeps rows and positions the same. */
    private List<Segment> segments(List<TrainingExample> examples, Optional<AdapterTensors> adapter) {
        return examples.stream()
                .map(example -> Segment.whole(example.tokens(), adapter, OptionalLong.empty()))
                .toList();
    }
}
