package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.BlockKernel;
import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.OperandKernel;
import io.livegraft.gpu.machinecode.OperandKernel.Side;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernels of {@link TileBlocks}.
 *
 * @param setting by tiles of rows and of columns, 1 or 2
 * @param adding the same, adding to c
 */
record BlockKernels(
        OperandKernel left,
        OperandKernel right,
        OperandKernel both,
        List<List<BlockKernel>> setting,
        List<List<BlockKernel>> adding) {
    private static final int MOST_TILES = 2;

    static BlockKernels write(ExecutableMemory memory) {
        return new BlockKernels(
                new OperandKernel(memory, Side.LEFT),
                new OperandKernel(memory, Side.RIGHT),
                new OperandKernel(memory, Side.BOTH),
                blocks(memory, false),
                blocks(memory, true));
    }

    private static List<List<BlockKernel>> blocks(ExecutableMemory memory, boolean accumulate) {
        List<List<BlockKernel>> table = new ArrayList<>();
        for (int rows = 1; rows <= MOST_TILES; rows++) {
            List<BlockKernel> row = new ArrayList<>();
            for (int columns = 1; columns <= MOST_TILES; columns++) {
                row.add(new BlockKernel(memory, rows, columns, accumulate));
            }
            table.add(List.copyOf(row));
        }
        return List.copyOf(table);
    }

    BlockKernel block(int rows, int columns, boolean accumulate) {
        return (accumulate ? adding : setting).get(rows - 1).get(columns - 1);
    }
}
