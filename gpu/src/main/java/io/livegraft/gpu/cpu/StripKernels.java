package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.GemmKernel;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.PairKernel;
import io.livegraft.gpu.machinecode.PanelKernel;
import io.livegraft.gpu.machinecode.RoundKernel;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TransposedPanelKernel;
import io.livegraft.gpu.machinecode.TurnKernel;
import java.util.Optional;

/**
 * The machine code that multiplies with {@link StripWeight}s, shared by all threads.
 *
 * @param rows by form, for 1 to {@link RowKernel#MOST_ROWS} rows
 * @param addingRows the same, adding to y, of the forms in bfloat16
 * @param tiles where the processor has them
 * @param bytes decode in whole numbers, where the processor can and it is wanted
 * @param elements beside products
 * @param memory that weights are laid out in
 */
record StripKernels(
        FormTable<KernelTable<RowKernel>> rows,
        FormTable<KernelTable<RowKernel>> addingRows,
        Optional<Tiles> tiles,
        Optional<ByteKernels> bytes,
        ElementKernels elements,
        HugeMemory memory) {
    /**
     * Kernels on AMX.
     *
     * @param decode by form, for 1 to {@link TileKernel#MOST_ROWS} rows
     * @param addingDecode the same, adding to y, of the forms in bfloat16
     * @param panels of the forms that are decoded
     */
    record Tiles(
            FormTable<KernelTable<TileKernel>> decode,
            FormTable<KernelTable<TileKernel>> addingDecode,
            GemmKernel gemm,
            GemmKernel addingGemm,
            FormTable<PanelKernel> panels,
            FormTable<TransposedPanelKernel> transposedPanels,
            PairKernel pair,
            RoundKernel round,
            TurnKernel turn,
            BlockKernels blocks) {
        private static Tiles write(ExecutableMemory memory) {
            return new Tiles(
                    FormTable.of(form -> true, form -> tileKernels(memory, form, false)),
                    FormTable.of(StripForm::bfloat16, form -> tileKernels(memory, form, true)),
                    new GemmKernel(memory, false),
                    new GemmKernel(memory, true),
                    FormTable.of(form -> !form.bfloat16() && form.wholeTiles(), form -> new PanelKernel(memory, form)),
                    FormTable.of(StripForm::wholeTiles, form -> new TransposedPanelKernel(memory, form)),
                    new PairKernel(memory),
                    new RoundKernel(memory),
                    new TurnKernel(memory),
                    BlockKernels.write(memory));
        }

        private static KernelTable<TileKernel> tileKernels(ExecutableMemory memory, StripForm form, boolean add) {
            return new KernelTable<>(TileKernel.MOST_ROWS, count -> new TileKernel(memory, form, count, add));
        }
    }

    /**
     * Writes what a machine can run.
     *
     * @param tiles whether it has tiles
     * @param bytes whether it multiplies bytes
     */
    static StripKernels write(ExecutableMemory memory, boolean tiles, boolean bytes) {
        return new StripKernels(
                FormTable.of(form -> true, form -> rowKernels(memory, form, false)),
                FormTable.of(StripForm::bfloat16, form -> rowKernels(memory, form, true)),
                tiles ? Optional.of(Tiles.write(memory)) : Optional.empty(),
                bytes ? Optional.of(ByteKernels.write(memory, tiles)) : Optional.empty(),
                ElementKernels.write(memory),
                new HugeMemory());
    }

    StripKernels withoutBytes() {
        return new StripKernels(rows, addingRows, tiles, Optional.empty(), elements, memory);
    }

    private static KernelTable<RowKernel> rowKernels(ExecutableMemory memory, StripForm form, boolean add) {
        return new KernelTable<>(RowKernel.MOST_ROWS, count -> new RowKernel(memory, form, count, add));
    }
}
