package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.AdamWStep;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Elements {@code from} to {@code to}, each by itself. Formula: {@code Backend.adamW}. */
final class AdamW {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private AdamW() {}

    static void apply(CpuTensor p, CpuTensor m, CpuTensor v, CpuTensor g, AdamWStep step, int from, int to) {
        float beta1 = (float) step.beta1();
        float beta2 = (float) step.beta2();
        float fresh1 = (float) (1 - step.beta1());
        float fresh2 = (float) (1 - step.beta2());
        float keep = (float) (1 - step.learningRate() * step.weightDecay());
        float rate = (float) (step.learningRate() / step.firstCorrection());
        float inverseSecond = (float) (1 / Math.sqrt(step.secondCorrection()));
        for (int i = from; i < to; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, to);
            FloatVector gradient = VectorBackend.load(g, i, mask).mul((float) step.gradientScale());
            FloatVector first = VectorBackend.load(m, i, mask).mul(beta1).add(gradient.mul(fresh1));
            FloatVector second = VectorBackend.load(v, i, mask)
                    .mul(beta2)
                    .add(gradient.mul(gradient).mul(fresh2));
            FloatVector denominator = second.sqrt().mul(inverseSecond).add((float) step.epsilon());
            first.intoArray(m.data(), m.offset() + i, mask);
            second.intoArray(v.data(), v.offset() + i, mask);
            VectorBackend.load(p, i, mask)
                    .mul(keep)
                    .sub(first.mul(rate).div(denominator))
                    .intoArray(p.data(), p.offset() + i, mask);
        }
    }
}
