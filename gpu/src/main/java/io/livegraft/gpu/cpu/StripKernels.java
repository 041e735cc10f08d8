package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.GemmKernel;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.PairKernel;
import io.livegraft.gpu.machinecode.PanelKernel;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TransposedPanelKernel;
import io.livegraft.gpu.machinecode.TurnKernel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The machine code that multiplies with {@link StripWeight}s, written once at start and shared by all threads.
 *
 * @param rows by form, for 1 to {@link RowKernel#MOST_ROWS} rows
 * @param tiles where the processor has them
 * @param memory that weights are laid out in
 */
record StripKernels(Map<StripForm, List<RowKernel>> rows, Optional<Tiles> tiles, HugeMemory memory) {
    /**
     * Kernels on AMX.
     *
     * @param decode by form, for 1 to {@link TileKernel#MOST_ROWS} rows
     * @param panels of the forms with indices
     */
    record Tiles(
            Map<StripForm, List<TileKernel>> decode,
            GemmKernel gemm,
            GemmKernel accumulatingGemm,
            Map<StripForm, PanelKernel> panels,
            Map<StripForm, TransposedPanelKernel> transposedPanels,
            PairKernel pair,
            TurnKernel turn) {
        private static Tiles write(ExecutableMemory memory) {
            Map<StripForm, List<TileKernel>> decode = new EnumMap<>(StripForm.class);
            Map<StripForm, PanelKernel> panels = new EnumMap<>(StripForm.class);
            Map<StripForm, TransposedPanelKernel> transposed = new EnumMap<>(StripForm.class);
            for (StripForm form : StripForm.values()) {
                List<TileKernel> kernels = new ArrayList<>();
                for (int rows = 1; rows <= TileKernel.MOST_ROWS; rows++) {
                    kernels.add(new TileKernel(memory, form, rows));
                }
                decode.put(form, kernels);
                transposed.put(form, new TransposedPanelKernel(memory, form));
                if (form.quantized()) {
                    panels.put(form, new PanelKernel(memory, form));
                }
            }
            return new Tiles(
                    decode,
                    new GemmKernel(memory, false),
                    new GemmKernel(memory, true),
                    panels,
                    transposed,
                    new PairKernel(memory),
                    new TurnKernel(memory));
        }
    }

    static StripKernels write(boolean tiles) {
        ExecutableMemory memory = new ExecutableMemory();
        Map<StripForm, List<RowKernel>> rows = new EnumMap<>(StripForm.class);
        for (StripForm form : StripForm.values()) {
            List<RowKernel> kernels = new ArrayList<>();
            for (int count = 1; count <= RowKernel.MOST_ROWS; count++) {
                kernels.add(new RowKernel(memory, form, count));
            }
            rows.put(form, kernels);
        }
        return new StripKernels(rows, tiles ? Optional.of(Tiles.write(memory)) : Optional.empty(), new HugeMemory());
    }
}
