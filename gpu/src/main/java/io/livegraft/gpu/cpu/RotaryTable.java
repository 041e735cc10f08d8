package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Rope;
import java.util.HashMap;
import java.util.Map;

/** Cosines and sines of the rotary angles, computed once a position; used from one thread at a time, as backends are. */
final class RotaryTable {
    /** Positions above are computed anew in each call: a bound on memory, which is 4·D bytes a position. */
    private static final int KEPT_POSITIONS = 32_768;

    /** Of one rope: radians per position by pair, and {cos, sin} pairs by position. */
    private record Turns(double[] frequencies, Map<Integer, float[]> kept) {
        static Turns of(Rope rope) {
            double[] frequencies = new double[rope.headDim() / 2];
            for (int i = 0; i < frequencies.length; i++) {
                frequencies[i] = rope.frequency(i);
            }
            return new Turns(frequencies, new HashMap<>());
        }

        float[] at(int position) {
            return position < KEPT_POSITIONS ? kept.computeIfAbsent(position, this::compute) : compute(position);
        }

        private float[] compute(int position) {
            float[] turn = new float[2 * frequencies.length];
            for (int i = 0; i < frequencies.length; i++) {
                turn[2 * i] = (float) StrictMath.cos(position * frequencies[i]);
                turn[2 * i + 1] = (float) StrictMath.sin(position * frequencies[i]);
            }
            return turn;
        }
    }

    private final Map<Rope, Turns> ropes = new HashMap<>();

    /** {@code Backend.rotate}. */
    void rotate(CpuTensor x, int[] positions, Rope rope, boolean inverse) {
        x.requireShape(positions.length, x.columns());
        Turns turns = ropes.computeIfAbsent(rope, Turns::of);
        for (int n = 0; n < positions.length; n++) {
            float[] turn = turns.at(positions[n]);
            for (int head = x.row(n); head < x.row(n) + x.columns(); head += rope.headDim()) {
                rotate(x.data(), head, turn, inverse);
            }
        }
    }

    private static void rotate(float[] x, int head, float[] turn, boolean inverse) {
        int half = turn.length / 2;
        for (int i = 0; i < half; i++) {
            float cosine = turn[2 * i];
            float sine = inverse ? -turn[2 * i + 1] : turn[2 * i + 1];
            float a = x[head + i];
            float b = x[head + half + i];
            x[head + i] = a * cosine - b * sine;
            x[head + half + i] = b * cosine + a * sine;
        }
    }
}
