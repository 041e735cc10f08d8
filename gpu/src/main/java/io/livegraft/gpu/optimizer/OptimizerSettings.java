package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.backend.AdamWStep;

/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) with clipping, a schedule and LoRA+.
 *
 * @param learningRate peak of the schedule
 * @param maxGradientNorm L2 bound over all parameters; 0 turns clipping off
 * @param loraPlusRatio learning rate of the adapters' B over that of A (LoRA+, Hayou et al., arXiv 2402.12354); 1 turns it off
 * @param moments how m and v are kept between steps
 */
public record OptimizerSettings(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double maxGradientNorm,
        Schedule schedule,
        double loraPlusRatio,
        MomentPrecision moments) {
    private static final String LORA_B = ".lora_B.weight";

    public OptimizerSettings {
        if (!(learningRate > 0)
                || !(beta1 >= 0 && beta1 < 1)
                || !(beta2 >= 0 && beta2 < 1)
                || !(epsilon > 0)
                || !(weightDecay >= 0)
                || !(maxGradientNorm >= 0)
                || !(loraPlusRatio > 0)) {
            throw new IllegalArgumentException(
                    "optimizer settings out of range: learning rate %s > 0, beta1 %s and beta2 %s in [0,1), epsilon %s > 0, weight decay %s and max gradient norm %s at least 0, LoRA+ ratio %s > 0"
                            .formatted(
                                    learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, loraPlusRatio));
        }
    }

    /** Constant after warmup, moments in float32, no LoRA+. */
    public OptimizerSettings(
            double learningRate,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay,
            double maxGradientNorm,
            long warmupSteps) {
        this(
                learningRate,
                beta1,
                beta2,
                epsilon,
                weightDecay,
                maxGradientNorm,
                new Schedule.Constant(warmupSteps),
                1,
                MomentPrecision.FLOAT32);
    }

    /**
     * The same with the learning rate scaled to a base's width: narrower bases want larger steps.
     *
     * <pre>{@code
     *   lr' = lr · (2000 / hiddenSize)^0.781          (Tinker cookbook's fit for LoRA on Llama bases)
     * }</pre>
     */
    public OptimizerSettings scaledTo(int hiddenSize) {
        return withLearningRate(learningRate * StrictMath.pow(2000.0 / hiddenSize, 0.781));
    }

    public OptimizerSettings withLearningRate(double rate) {
        return new OptimizerSettings(
                rate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, schedule, loraPlusRatio, moments);
    }

    public OptimizerSettings with(Schedule other) {
        return new OptimizerSettings(
                learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, other, loraPlusRatio, moments);
    }

    public OptimizerSettings with(MomentPrecision other) {
        return new OptimizerSettings(
                learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, schedule, loraPlusRatio, other);
    }

    public OptimizerSettings withLoraPlusRatio(double ratio) {
        return new OptimizerSettings(
                learningRate, beta1, beta2, epsilon, weightDecay, maxGradientNorm, schedule, ratio, moments);
    }

    /** The rate of the step after {@code stepsTaken} ones; LoRA+ multiplies that of B. */
    public double learningRateAt(long stepsTaken) {
        return schedule.rate(learningRate, stepsTaken);
    }

    /** Whether one rate serves every parameter. */
    boolean uniform() {
        return loraPlusRatio == 1;
    }

    /**
     * The constants of one parameter in the step after {@code stepsTaken} ones.
     *
     * @param parameter its name; adapters' B are told by it
     * @param gradientNorm L2 norm of the whole gradient
     */
    AdamWStep step(String parameter, long stepsTaken, double gradientNorm) {
        AdamWStep step = step(stepsTaken, gradientNorm);
        return parameter.endsWith(LORA_B) ? step.withLearningRate(step.learningRate() * loraPlusRatio) : step;
    }

    /** The constants of every parameter but adapters' B. */
    AdamWStep step(long stepsTaken, double gradientNorm) {
        double clip = maxGradientNorm > 0 && gradientNorm > maxGradientNorm ? maxGradientNorm / gradientNorm : 1;
        return new AdamWStep(learningRateAt(stepsTaken), beta1, beta2, epsilon, weightDecay, stepsTaken + 1, clip);
    }
}
