package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.BlockKernel;
import io.livegraft.gpu.machinecode.DotKernel;
import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.OperandKernel;
import io.livegraft.gpu.machinecode.OperandKernel.Side;
import io.livegraft.gpu.machinecode.ProductKernel;
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
        List<List<ProductKernel>> setting,
        List<List<ProductKernel>> adding) {
    private static final int MOST_TILES = 2;

    /** @param tiles whether the processor has them; else in registers */
    static BlockKernels write(ExecutableMemory memory, boolean tiles) {
        return new BlockKernels(
                new OperandKernel(memory, Side.LEFT),
                new OperandKernel(memory, Side.RIGHT),
                new OperandKernel(memory, Side.BOTH),
                blocks(memory, tiles, false),
                blocks(memory, tiles, true));
    }

    private static List<List<ProductKernel>> blocks(ExecutableMemory memory, boolean tiles, boolean accumulate) {
        List<List<ProductKernel>> table = new ArrayList<>();
        for (int rows = 1; rows <= MOST_TILES; rows++) {
            List<ProductKernel> row = new ArrayList<>();
            for (int columns = 1; columns <= MOST_TILES; columns++) {
                row.add(
                        tiles
                                ? new BlockKernel(memory, rows, columns, accumulate)
                                : DotKernel.along(memory, rows, columns, accumulate));
            }
            table.add(List.copyOf(row));
        }
        return List.copyOf(table);
    }

    ProductKernel block(int rows, int columns, boolean accumulate) {
        return (accumulate ? adding : setting).get(rows - 1).get(columns - 1);
    }
}
