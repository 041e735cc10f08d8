package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.FloatPanelKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The right-hand side (K, J) of a {@link FloatProduct}, decoded a few columns at a time: wᵀ (in, out), of {@code y = x · wᵀ}, or w (out, in),
 * of {@code dx = dy · w}.
 *
 * <p>Strips are decoded with an input's outputs side by side, other weights with an output's inputs, and so lies a panel in memory.
 *
 * @param strips where the weight is one, with the kernel of its form
 */
record FloatPanels(CpuLinearWeight weight, boolean backward, Optional<Strips> strips) {
    /** A weight in strips and what decodes it. */
    record Strips(StripWeight weight, FloatPanelKernel kernel) {}

    static FloatPanels of(CpuLinearWeight weight, boolean backward, Optional<StripKernels> kernels) {
        Optional<Strips> strips = weight instanceof StripWeight strip
                ? kernels.map(some -> new Strips(strip, some.panels().get(strip.form())))
                : Optional.empty();
        return new FloatPanels(weight, backward, strips);
    }

    int depth() {
        return backward ? weight.outputFeatures() : weight.inputFeatures();
    }

    int columns() {
        return backward ? weight.inputFeatures() : weight.outputFeatures();
    }

    /** Whether a panel lies in memory as (columns, depth), else as (depth, columns). */
    boolean transposed() {
        return backward == strips.isPresent();
    }

    /** Columns {@code column} to {@code column + width}, packed. */
    void fill(MemorySegment panel, int column, int width) {
        int outputs = backward ? weight.outputFeatures() : width;
        int inputs = backward ? width : weight.inputFeatures();
        int firstOutput = backward ? 0 : column;
        int firstInput = backward ? column : 0;
        if (strips.isEmpty()) {
            weight.decode(panel, firstOutput, outputs, firstInput, inputs);
            return;
        }
        for (int o = 0; o < outputs; o += StripForm.OUTPUTS) {
            strip(
                    panel.asSlice((long) Float.BYTES * o),
                    (firstOutput + o) / StripForm.OUTPUTS,
                    firstInput,
                    inputs,
                    outputs);
        }
    }

    /** Inputs {@code from} to {@code from + count} of strip {@code index}, {@code stride} floats apart. */
    private void strip(MemorySegment out, int index, int from, int count, int stride) {
        StripWeight weight = strips.orElseThrow().weight();
        StripForm form = weight.form();
        long firstBlock = (long) from / form.blockInputs() * form.blockBytes();
        strips.orElseThrow()
                .kernel()
                .run(
                        weight.from(index).asSlice(firstBlock),
                        out,
                        (long) Float.BYTES * stride,
                        count / form.blockInputs(),
                        weight.constants(),
                        weight.scales(index, from));
    }
}
