package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;

/** What tests of kernels read and compare. */
final class Values {
    private Values() {}

    static float[] of(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    /** Against the largest magnitude, which rounding errors follow. */
    static void assertNear(float[] expected, float[] actual, double tolerance) {
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - actual[i]);
            assertTrue(difference <= tolerance * largest, expected[i] + " and " + actual[i] + " of " + largest);
        }
    }
}
