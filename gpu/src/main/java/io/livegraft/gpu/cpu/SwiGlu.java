package io.livegraft.gpu.cpu;

import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elements {@code from} to {@code to} of tensors of one shape, lane by lane. Formulas: {@code Backend.swiGlu}. The loops are kept
 * short: the compiler gives up inlining in long ones, and then every vector is an object.
 */
final class SwiGlu {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    /** Sigmoids that are computed before they are used; a multiple of every vector's length. */
    private static final int BLOCK = 512;

    private SwiGlu() {}

    static void forward(Optional<ElementKernels> code, CpuTensor y, CpuTensor gate, CpuTensor up, int from, int to) {
        if (code.isPresent() && from < to) {
            code.get().swiGlu().run(y.memory(from), gate.memory(from), up.memory(from), to - from);
        } else {
            forward(y, gate, up, from, to);
        }
    }

    private static void forward(CpuTensor y, CpuTensor gate, CpuTensor up, int from, int to) {
        for (int i = from; i < to; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, to);
            FloatVector g = VectorBackend.load(gate, i, mask);
            FloatVector u = VectorBackend.load(up, i, mask);
            g.mul(sigmoid(g)).mul(u).intoArray(y.data(), y.offset() + i, mask);
        }
    }

    static void backward(
            Optional<ElementKernels> code,
            CpuTensor dGate,
            CpuTensor dUp,
            CpuTensor dy,
            CpuTensor gate,
            CpuTensor up,
            int from,
            int to) {
        if (code.isPresent() && from < to) {
            code.get()
                    .swiGlu()
                    .backward(
                            dGate.memory(from),
                            dUp.memory(from),
                            dy.memory(from),
                            gate.memory(from),
                            up.memory(from),
                            to - from);
        } else {
            backward(dGate, dUp, dy, gate, up, from, to);
        }
    }

    private static void backward(
            CpuTensor dGate, CpuTensor dUp, CpuTensor dy, CpuTensor gate, CpuTensor up, int from, int to) {
        float[] sigmoids = new float[BLOCK];
        float[] ups = new float[BLOCK];
        for (int i = from; i < to; i += BLOCK) {
            int end = Math.min(to, i + BLOCK);
            sigmoids(sigmoids, gate, i, end);
            backwardUp(ups, dy, gate, sigmoids, i, end);
            backwardGate(dGate, dy, gate, up, sigmoids, i, end);
            System.arraycopy(ups, 0, dUp.data(), dUp.offset() + i, end - i);
        }
    }

    private static void sigmoids(float[] out, CpuTensor gate, int from, int to) {
        for (int i = from; i < to; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, to);
            sigmoid(VectorBackend.load(gate, i, mask)).intoArray(out, i - from);
        }
    }

    private static void backwardUp(float[] out, CpuTensor dy, CpuTensor gate, float[] sigmoids, int from, int to) {
        for (int i = from; i < to; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, to);
            FloatVector silu =
                    VectorBackend.load(gate, i, mask).mul(FloatVector.fromArray(SPECIES, sigmoids, i - from));
            VectorBackend.load(dy, i, mask).mul(silu).intoArray(out, i - from);
        }
    }

    private static void backwardGate(
            CpuTensor dGate, CpuTensor dy, CpuTensor gate, CpuTensor up, float[] sigmoids, int from, int to) {
        for (int i = from; i < to; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, to);
            FloatVector s = FloatVector.fromArray(SPECIES, sigmoids, i - from);
            FloatVector g = VectorBackend.load(gate, i, mask);
            FloatVector slope = s.mul(g.mul(s.neg().add(1f)).add(1f));
            FloatVector d = VectorBackend.load(dy, i, mask).mul(VectorBackend.load(up, i, mask));
            d.mul(slope).intoArray(dGate.data(), dGate.offset() + i, mask);
        }
    }

    private static FloatVector sigmoid(FloatVector x) {
        return FloatVector.broadcast(SPECIES, 1f).div(VectorMath.exp(x.neg()).add(1f));
    }
}
