package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Rope;
import java.util.HashMap;
import java.util.Map;

/** Cosines and sines of the rotary angles, computed once a position in each call. */
final class RotaryTable {
    private RotaryTable() {}

    static void rotate(CpuTensor x, int[] positions, Rope rope, boolean inverse) {
        x.requireShape(positions.length, x.columns());
        int half = rope.headDim() / 2;
        double[] frequencies = new double[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = rope.frequency(i);
        }
        Map<Integer, float[]> turns = new HashMap<>();
        for (int n = 0; n < positions.length; n++) {
            float[] turn = turns.computeIfAbsent(positions[n], position -> turn(frequencies, position));
            for (int head = x.row(n); head < x.row(n) + x.columns(); head += rope.headDim()) {
                for (int i = 0; i < half; i++) {
                    float cosine = turn[2 * i];
                    float sine = inverse ? -turn[2 * i + 1] : turn[2 * i + 1];
                    float a = x.data()[head + i];
                    float b = x.data()[head + half + i];
                    x.data()[head + i] = a * cosine - b * sine;
                    x.data()[head + half + i] = b * cosine + a * sine;
                }
            }
        }
    }

    private static float[] turn(double[] frequencies, int position) {
        float[] turn = new float[2 * frequencies.length];
        for (int i = 0; i < frequencies.length; i++) {
            turn[2 * i] = (float) StrictMath.cos(position * frequencies[i]);
            turn[2 * i + 1] = (float) StrictMath.sin(position * frequencies[i]);
        }
        return turn;
    }
}
