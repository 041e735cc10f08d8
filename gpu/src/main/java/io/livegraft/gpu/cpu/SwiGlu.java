package io.livegraft.gpu.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** One row at a time, lane by lane. Formulas: {@code Backend.swiGlu}. */
final class SwiGlu {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private SwiGlu() {}

    static void forward(CpuTensor y, CpuTensor gate, CpuTensor up, int n) {
        int base = n * y.columns();
        for (int c = 0; c < y.columns(); c += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(c, y.columns());
            FloatVector g = VectorBackend.load(gate, base + c, mask);
            FloatVector u = VectorBackend.load(up, base + c, mask);
            g.mul(sigmoid(g)).mul(u).intoArray(y.data(), y.offset() + base + c, mask);
        }
    }

    static void backward(CpuTensor dGate, CpuTensor dUp, CpuTensor dy, CpuTensor gate, CpuTensor up, int n) {
        int base = n * dy.columns();
        for (int c = 0; c < dy.columns(); c += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(c, dy.columns());
            FloatVector g = VectorBackend.load(gate, base + c, mask);
            FloatVector u = VectorBackend.load(up, base + c, mask);
            FloatVector d = VectorBackend.load(dy, base + c, mask);
            FloatVector s = sigmoid(g);
            VectorBackend.load(dUp, base + c, mask)
                    .add(d.mul(g.mul(s)))
                    .intoArray(dUp.data(), dUp.offset() + base + c, mask);
            FloatVector slope = s.mul(g.mul(s.neg().add(1f)).add(1f));
            VectorBackend.load(dGate, base + c, mask)
                    .add(d.mul(u).mul(slope))
                    .intoArray(dGate.data(), dGate.offset() + base + c, mask);
        }
    }

    private static FloatVector sigmoid(FloatVector x) {
        return FloatVector.broadcast(SPECIES, 1f).div(VectorMath.exp(x.neg()).add(1f));
    }
}
