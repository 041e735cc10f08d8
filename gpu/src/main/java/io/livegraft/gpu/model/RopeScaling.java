package io.livegraft.gpu.model;

/**
 * How a base stretches its rotary frequencies beyond the length it was first trained on. A frequency is in radians per
 * position.
 */
public sealed interface RopeScaling {
    /** The frequency that the base uses in place of {@code frequency}. */
    double apply(double frequency);

    /** Frequencies as they are. */
    record None() implements RopeScaling {
        @Override
        public double apply(double frequency) {
            return frequency;
        }
    }

    /**
     * Position interpolation (Chen et al., arXiv 2306.15595, equation 4): all positions are squeezed by the same factor.
     *
     * @param factor above 0
     */
    record Linear(double factor) implements RopeScaling {
        @Override
        public double apply(double frequency) {
            return frequency / factor;
        }
    }

    /**
     * Llama 3.1's rule ({@code rope_type} "llama3" of its Hugging Face checkpoints, after Meta's {@code apply_scaling}): long
     * waves are squeezed, short ones kept, those between blended. With L = original positions:
     *
     * <pre>{@code
     *   wave = 2π / f                                  f' = f / factor                            wave > L / low
     *   s = (L / wave − low) / (high − low)            f' = (1 − s) · f / factor + s · f          between
     *                                                  f' = f                                     wave < L / high
     * }</pre>
     *
     * @param factor how much longer sequences may be; above 0
     * @param lowFrequencyFactor low, above 0
     * @param highFrequencyFactor high, above low
     * @param originalMaxPositions L, in tokens
     */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalMaxPositions)
            implements RopeScaling {
        @Override
        public double apply(double frequency) {
            double wave = 2 * Math.PI / frequency;
            if (wave < originalMaxPositions / highFrequencyFactor) {
                return frequency;
            }
            if (wave > originalMaxPositions / lowFrequencyFactor) {
                return frequency / factor;
            }
            double kept =
                    (originalMaxPositions / wave - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
            return (1 - kept) * frequency / factor + kept * frequency;
        }
    }
}
