package io.livegraft.gpu.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * Trajectories. SOURCE of the numbers: a float64 script written from the paper's algorithm 2 alone, without this code: five
 * parameters p[i] = (i−2)/2, gradients (i+1)·cos(0.9·t + i) for t = 1, 2, …
 */
class AdamWTest {
    private static final ParameterLayout FIVE =
            ParameterLayout.builder().add("w", 1, 5).build();

    @Test
    void plainAdamFollowsTheIndependentTrajectory() {
        OptimizerSettings settings = new OptimizerSettings(0.05, 0.9, 0.999, 1e-8, 0, 0, 0);
        assertTrajectory(settings, 1, -1.049999999, -0.450000001, 0.050000000, 0.550000000, 0.950000001);
        assertTrajectory(settings, 7, -0.986658884, -0.306872644, 0.126027664, 0.508583363, 0.804401887);
        assertTrajectory(settings, 40, -0.964099117, -0.243356822, 0.170638034, 0.494948276, 0.743195651);
    }

    @Test
    void weightDecayIsDecoupledFromTheGradient() {
        OptimizerSettings settings = new OptimizerSettings(0.05, 0.8, 0.95, 1e-3, 0.2, 0, 0);
        assertTrajectory(settings, 1, -1.039919693, -0.445077211, 0.049982841, 0.544982787, 0.940053558);
        assertTrajectory(settings, 7, -0.911918691, -0.304482421, 0.092695543, 0.462947440, 0.765277708);
        assertTrajectory(settings, 40, -0.637987311, -0.179240363, 0.091842498, 0.320969157, 0.511068950);
    }

    @Test
    void clippingScalesTheWholeGradientBeforeTheMomentsSeeIt() {
        OptimizerSettings settings = new OptimizerSettings(0.05, 0.9, 0.99, 1e-2, 0.1, 0.5, 0);
        assertTrajectory(settings, 1, -1.038908706, -0.453383745, 0.048562345, 0.546057947, 0.949232138);
        assertTrajectory(settings, 7, -0.965345332, -0.309637209, 0.116882284, 0.502691927, 0.782111125);
        assertTrajectory(settings, 40, -0.806769503, -0.207040546, 0.139667282, 0.421679724, 0.607506997);
    }

    /** With a constant gradient both corrected moments are exact from the first step, so p moves by lr each time. */
    @Test
    void aConstantGradientMovesEveryParameterByTheRateEachStep() {
        OptimizerSettings settings = new OptimizerSettings(0.01, 0.9, 0.999, 1e-8, 0, 0, 0);
        float[] gradient = {3, -3, 1e-3f, -40, 0};
        float[] values = run(FIVE, new float[5], settings, 25, t -> gradient);
        assertArrayEquals(new float[] {-0.25f, 0.25f, -0.25f, 0.25f, 0}, values, 1e-5f);
    }

    @Test
    void theEighthBitFormStaysCloseToFloat32OnAQuadratic() {
        ParameterLayout layout = ParameterLayout.builder().add("w", 64, 80).build();
        OptimizerSettings settings = new OptimizerSettings(0.02, 0.9, 0.999, 1e-8, 0, 0, 0);
        double plain = distance(descend(layout, settings));
        double blockwise = distance(descend(layout, settings.with(MomentPrecision.BLOCKWISE8)));
        double start = distance(new float[layout.size()]);
        assertTrue(plain < 0.05 * start, start + " -> " + plain);
        assertTrue(blockwise < 0.05 * start, start + " -> " + blockwise + " (float32: " + plain + ")");
    }

    @Test
    void parametersWithoutAGradientDoNotMoveBesideOnesThatDo() {
        ParameterLayout layout = ParameterLayout.builder().add("w", 2, 4096).build();
        OptimizerSettings settings =
                new OptimizerSettings(0.1, 0.9, 0.999, 1e-8, 0, 0, 0).with(MomentPrecision.BLOCKWISE8);
        float[] values = run(layout, new float[layout.size()], settings, 500, t -> {
            float[] gradient = new float[layout.size()];
            for (int i = 0; i < gradient.length; i += 3) {
                gradient[i] = (float) Math.sin(t + i);
            }
            return gradient;
        });
        for (int i = 0; i < values.length; i++) {
            assertEquals(i % 3 != 0, values[i] == 0, "parameter %d is %s".formatted(i, values[i]));
        }
    }

    @Test
    void smallTensorsHaveTheSameBitsInBothForms() {
        ParameterLayout layout = ParameterLayout.builder().add("w", 5, 819).build();
        OptimizerSettings settings = new OptimizerSettings(0.1, 0.9, 0.999, 1e-8, 0.1, 1, 0);
        assertArrayEquals(descend(layout, settings), descend(layout, settings.with(MomentPrecision.BLOCKWISE8)), 0f);
    }

    @Test
    void loraPlusMovesTheSecondMatrixByTheRatio() {
        ParameterLayout layout = ParameterLayout.builder()
                .add("q_proj.lora_A.weight", 1, 3)
                .add("q_proj.lora_B.weight", 2, 1)
                .build();
        OptimizerSettings settings = new OptimizerSettings(0.01, 0.9, 0.999, 1e-8, 0, 0, 0).withLoraPlusRatio(16);
        float[] gradient = {1, -2, 3, 4, -5};
        float[] moved = {-0.02f, 0.02f, -0.02f, -0.32f, 0.32f};
        assertArrayEquals(moved, run(layout, new float[5], settings, 2, t -> gradient), 1e-5f);
        assertArrayEquals(
                moved, run(layout, new float[5], settings.with(MomentPrecision.BLOCKWISE8), 2, t -> gradient), 1e-5f);
    }

    private static void assertTrajectory(OptimizerSettings settings, int steps, double... expected) {
        float[] start = {-1, -0.5f, 0, 0.5f, 1};
        float[] values = run(FIVE, start, settings, steps, t -> {
            float[] gradient = new float[5];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = (float) ((i + 1) * Math.cos(0.9 * t + i));
            }
            return gradient;
        });
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], values[i], 2e-6, "parameter %d after %d steps".formatted(i, steps));
        }
    }

    /** Minimises Σ c_i (p_i − 1)²/2 with curvatures c over three decades. */
    private static float[] descend(ParameterLayout layout, OptimizerSettings settings) {
        try (Backend backend = new VectorBackend(1)) {
            Tensor values = backend.allocate(1, layout.size());
            AdamW adamW = AdamW.of(backend, layout, Moments.zero(layout.size()), settings.moments());
            float[] p = new float[layout.size()];
            for (int t = 0; t < 200; t++) {
                float[] gradient = new float[p.length];
                for (int i = 0; i < p.length; i++) {
                    gradient[i] = (float) Math.pow(10, i % 7 / 2.0 - 2) * (p[i] - 1);
                }
                adamW.step(values, backend.upload(gradient, 1, p.length), settings, t, 0);
                backend.download(p, values);
            }
            return p;
        }
    }

    private static double distance(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (value - 1.0) * (value - 1.0);
        }
        return Math.sqrt(sum / values.length);
    }

    private static float[] run(
            ParameterLayout layout,
            float[] start,
            OptimizerSettings settings,
            int steps,
            IntFunction<float[]> gradients) {
        try (Backend backend = new VectorBackend(1)) {
            Tensor values = backend.upload(start, 1, layout.size());
            AdamW adamW = AdamW.of(backend, layout, Moments.zero(layout.size()), settings.moments());
            for (int t = 0; t < steps; t++) {
                Tensor gradient = backend.upload(gradients.apply(t + 1), 1, layout.size());
                adamW.step(values, gradient, settings, t, Math.sqrt(backend.sumOfSquares(gradient)));
            }
            float[] reached = new float[layout.size()];
            backend.download(reached, values);
            return reached;
        }
    }
}
