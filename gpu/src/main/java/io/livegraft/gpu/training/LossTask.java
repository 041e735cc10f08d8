package io.livegraft.gpu.training;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.transformer.AdapterTensors;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One step's loss, to be computed in a {@link LossPass}.
 *
 * @param inputs at least one, all of the kind that the loss takes; others are refused with INVALID_CONFIGURATION
 * @param policy what is trained on top of the base; its gradients are added to. Without one the base itself is the policy
 * @param reference a frozen version; without one the reference is the base alone
 * @param statistics from the steps before
 * @param dropoutSeed of the training; with {@code step} it makes the masks of all sequences
 */
public record LossTask(
        List<TrainingInput> inputs,
        Loss loss,
        Optional<AdapterTensors> policy,
        Optional<AdapterTensors> reference,
        LossStatistics statistics,
        long dropoutSeed,
        long step) {
    public LossTask {
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException("a step needs at least one example");
        }
        inputs = List.copyOf(inputs);
        inputs.forEach(input -> requireFit(loss, input));
    }

    /** A first step's, without dropout seeds of its own and with the base as reference. */
    public static LossTask first(List<TrainingInput> inputs, Loss loss, Optional<AdapterTensors> policy) {
        return new LossTask(inputs, loss, policy, Optional.empty(), LossStatistics.NONE, 0, 0);
    }

    private static void requireFit(Loss loss, TrainingInput input) {
        Class<? extends TrainingInput> expected =
                switch (loss) {
                    case Sft _ -> TrainingInput.Supervised.class;
                    case Dpo _ -> TrainingInput.Preference.class;
                    case Kto _ -> TrainingInput.Labelled.class;
                    case Bco _ -> TrainingInput.Labelled.class;
                    case ApoZero _ -> TrainingInput.Labelled.class;
                };
        if (!expected.isInstance(input)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "loss %s can't learn from a %s input, expected %s"
                            .formatted(name(loss.getClass()), name(input.getClass()), name(expected)));
        }
    }

    private static String name(Class<?> type) {
        return type.getSimpleName().toLowerCase(Locale.ROOT);
    }
}
