package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Rope;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Cosines and sines of the rotary angles, computed once a position; used from one thread at a time, as backends are. */
final class RotaryTable {
    /** Positions above are computed anew in each call: a bound on memory, which is 4·D bytes a position. */
    private static final int KEPT_POSITIONS = 32_768;

    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    /** Of one rope: radians per position by pair, and by position all cosines, then all sines. */
    private static final class Turns {
        private final double[] frequencies;
        private float[] @Nullable [] kept = new float[64][];

        Turns(Rope rope) {
            frequencies = new double[rope.headDim() / 2];
            for (int i = 0; i < frequencies.length; i++) {
                frequencies[i] = rope.frequency(i);
            }
        }

        float[] at(int position) {
            if (position >= KEPT_POSITIONS) {
                return compute(position);
            }
            if (position >= kept.length) {
                kept = Arrays.copyOf(kept, Math.max(position + 1, 2 * kept.length));
            }
            float[] turn = kept[position];
            if (turn == null) {
                turn = compute(position);
                kept[position] = turn;
            }
            return turn;
        }

        private float[] compute(int position) {
            float[] turn = new float[2 * frequencies.length];
            for (int i = 0; i < frequencies.length; i++) {
                turn[i] = (float) StrictMath.cos(position * frequencies[i]);
                turn[frequencies.length + i] = (float) StrictMath.sin(position * frequencies[i]);
            }
            return turn;
        }
    }

    private final Map<Rope, Turns> ropes = new HashMap<>();

    /** Those of each row, by its position. */
    float[][] turns(int[] positions, Rope rope) {
        Turns turns = ropes.computeIfAbsent(rope, Turns::new);
        float[][] rows = new float[positions.length][];
        Arrays.setAll(rows, n -> turns.at(positions[n]));
        return rows;
    }

    /** All heads of row {@code n}: {@code Backend.rotate}. */
    static void rotate(CpuTensor x, int n, float[] turn, boolean inverse) {
        for (int head = x.row(n); head < x.row(n) + x.columns(); head += turn.length) {
            rotate(x.data(), head, turn, inverse);
        }
    }

    private static void rotate(float[] x, int head, float[] turn, boolean inverse) {
        int half = turn.length / 2;
        for (int i = 0; i < half; i += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(i, half);
            FloatVector cosine = FloatVector.fromArray(SPECIES, turn, i, mask);
            FloatVector forward = FloatVector.fromArray(SPECIES, turn, half + i, mask);
            FloatVector sine = inverse ? forward.neg() : forward;
            FloatVector a = FloatVector.fromArray(SPECIES, x, head + i, mask);
            FloatVector b = FloatVector.fromArray(SPECIES, x, head + half + i, mask);
            a.mul(cosine).sub(b.mul(sine)).intoArray(x, head + i, mask);
            b.mul(cosine).add(a.mul(sine)).intoArray(x, head + half + i, mask);
        }
    }
}
