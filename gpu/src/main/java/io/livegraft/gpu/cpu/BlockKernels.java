package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.OperandKernel;
import io.livegraft.gpu.machinecode.OperandKernel.Side;
import io.livegraft.gpu.machinecode.StripForm;
import java.util.Optional;

/**
 * Kernels of {@link TileBlocks}.
 *
 * @param whole beside tiles of 32 inputs
 * @param half beside strips of {@link StripForm#BFLOAT16_16}, in registers only
 */
record BlockKernels(
        OperandKernel left, OperandKernel right, OperandKernel both, BlockTable whole, Optional<BlockTable> half) {
    /** @param tiles whether the processor has them; else in registers */
    static BlockKernels write(ExecutableMemory memory, boolean tiles) {
        return new BlockKernels(
                new OperandKernel(memory, Side.LEFT),
                new OperandKernel(memory, Side.RIGHT),
                new OperandKernel(memory, Side.BOTH),
                tiles ? BlockTable.onTiles(memory) : BlockTable.inRegisters(memory, StripForm.BFLOAT16),
                tiles ? Optional.empty() : Optional.of(BlockTable.inRegisters(memory, StripForm.BFLOAT16_16)));
    }
}
