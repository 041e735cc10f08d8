package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.AdamWStep;

/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) with clipping and a linear warmup.
 *
 * @param maxGradientNorm L2 bound over all parameters; 0 turns clipping off
 * @param warmupSteps steps over which the learning rate grows linearly from 0; counted in optimizer steps
 */
public record OptimizerSettings(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double maxGradientNorm,
        long warmupSteps) {
    public OptimizerSettings {
        if (!(learningRate > 0)
                || !(beta1 >= 0 && beta1 < 1)
                || !(beta2 >= 0 && beta2 < 1)
                || !(epsilon > 0)
                || !(weightDecay >= 0)
                || !(maxGradientNorm >= 0)
                || warmupSteps < 0) {
            throw new IllegalArgumentException(
                    "optimizer settings out of range: learning rate %s > 0, beta1 %s and beta2 %s in [0,1), epsilon %s > 0, weight decay %s, max gradient norm %s and warmup steps %d at least 0"
                            .formatted(learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, warmupSteps));
        }
    }

    /**
     * The same with the learning rate scaled to a base's width: narrower bases want larger steps.
     *
     * <pre>{@code
     *   lr' = lr · (2000 / hiddenSize)^0.781          (Tinker cookbook's fit for LoRA on Llama bases)
     * }</pre>
     */
    public OptimizerSettings scaledTo(int hiddenSize) {
        double scaled = learningRate * StrictMath.pow(2000.0 / hiddenSize, 0.781);
        return new OptimizerSettings(scaled, beta1, beta2, epsilon, weightDecay, maxGradientNorm, warmupSteps);
    }

    /** The rate of the step after {@code stepsTaken} ones. */
    public double learningRateAt(long stepsTaken) {
        return warmupSteps == 0 ? learningRate : learningRate * Math.min(1.0, (stepsTaken + 1.0) / warmupSteps);
    }

    /** The same with another rate and no warmup. */
    OptimizerSettings withLearningRate(double rate) {
        return new OptimizerSettings(rate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, 0);
    }

    /** The constants of the step after {@code stepsTaken} ones, given its gradient's L2 norm. */
    AdamWStep step(long stepsTaken, double gradientNorm) {
        double clip = maxGradientNorm > 0 && gradientNorm > maxGradientNorm ? maxGradientNorm / gradientNorm : 1;
        return new AdamWStep(learningRateAt(stepsTaken), beta1, beta2, epsilon, weightDecay, stepsTaken + 1, clip);
    }
}
