package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What oneDNN multiplies with is the very weight, whichever way it lies in memory. */
@ParameterizedClass
@EnumSource(names = {"WITHOUT_BFLOAT16", "NARROW"})
class FloatPanelsTest {
    private static final int PANEL = 64;

    private final CpuKernels kernels;

    FloatPanelsTest(TestedProcessor processor) {
        this.kernels = processor.kernels();
        assumeTrue(kernels.strips().isPresent(), "no strips");
    }

    @ParameterizedTest
    @CsvSource({
        "NF4, 96, 64",
        "NF4, 160, 96",
        "FP4, 64, 192",
        "INT4, 32, 32",
        "NF4_SINGLE, 96, 320",
        "INT8, 96, 160",
        "BF16, 64, 96"
    })
    void panelsHoldWhatRowsAreDecodedTo(Precision precision, int outputs, int inputs) {
        HostTensor values =
                HostTensor.matrix(outputs, inputs, TinyModel.gaussian(new Random(1), outputs * inputs, 0.1));
        try (VectorBackend backend = new VectorBackend(1, kernels);
                Arena arena = Arena.ofConfined()) {
            CpuLinearWeight weight = CpuLinearWeight.of(backend.freeze(values, precision));
            for (boolean backward : new boolean[] {false, true}) {
                FloatPanels panels = FloatPanels.of(weight, backward, kernels.strips());
                MemorySegment panel = arena.allocate((long) Float.BYTES * PANEL * panels.depth(), PANEL);
                for (int column = 0; column < panels.columns(); column += PANEL) {
                    int width = Math.min(PANEL, panels.columns() - column);
                    panels.fill(panel, column, width);
                    check(panels, panel, column, width);
                }
            }
        }
    }

    private static void check(FloatPanels panels, MemorySegment panel, int column, int width) {
        CpuLinearWeight weight = panels.weight();
        float[] row = new float[weight.inputFeatures()];
        for (int output = 0; output < weight.outputFeatures(); output++) {
            weight.decodeRow(row, 0, 1, output, 0, row.length);
            for (int input = 0; input < row.length; input++) {
                int k = panels.backward() ? output : input;
                int j = (panels.backward() ? input : output) - column;
                if (j >= 0 && j < width) {
                    int at = panels.transposed() ? j * panels.depth() + k : k * width + j;
                    assertEquals(
                            row[input],
                            panel.getAtIndex(ValueLayout.JAVA_FLOAT, at),
                            "output %d, input %d".formatted(output, input));
                }
            }
        }
    }
}
