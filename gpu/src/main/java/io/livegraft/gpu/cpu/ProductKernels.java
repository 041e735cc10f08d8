package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.DotKernel;
import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.GemmKernel;
import io.livegraft.gpu.machinecode.PairKernel;
import io.livegraft.gpu.machinecode.PanelKernel;
import io.livegraft.gpu.machinecode.ProductKernel;
import io.livegraft.gpu.machinecode.RoundKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TransposedPanelKernel;
import io.livegraft.gpu.machinecode.TurnKernel;

/**
 * The machine code that prefill and training multiply many rows with, in bfloat16: on AMX or in registers, with operands in tiles either way.
 *
 * @param onTiles whether products are those of AMX
 * @param panels of the forms that are decoded
 */
record ProductKernels(
        boolean onTiles,
        ProductKernel gemm,
        ProductKernel addingGemm,
        FormTable<PanelKernel> panels,
        FormTable<TransposedPanelKernel> transposedPanels,
        PairKernel pair,
        RoundKernel round,
        TurnKernel turn,
        BlockKernels blocks) {
    static ProductKernels write(ExecutableMemory memory, boolean tiles) {
        return new ProductKernels(
                tiles,
                gemm(memory, tiles, false),
                gemm(memory, tiles, true),
                FormTable.of(form -> !form.bfloat16() && form.wholeTiles(), form -> new PanelKernel(memory, form)),
                FormTable.of(StripForm::wholeTiles, form -> new TransposedPanelKernel(memory, form)),
                new PairKernel(memory),
                new RoundKernel(memory),
                new TurnKernel(memory),
                BlockKernels.write(memory, tiles));
    }

    private static ProductKernel gemm(ExecutableMemory memory, boolean tiles, boolean accumulate) {
        return tiles ? new GemmKernel(memory, accumulate) : DotKernel.down(memory, accumulate);
    }
}
