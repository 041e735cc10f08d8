package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.BlockKernel;
import io.livegraft.gpu.machinecode.DotKernel;
import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.ProductKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Kernels by tiles of rows and of columns, 1 or 2 of each.
 *
 * @param setting c
 * @param adding to c
 */
record BlockTable(List<List<ProductKernel>> setting, List<List<ProductKernel>> adding) {
    private static final int MOST_TILES = 2;

    private interface Writer {
        ProductKernel write(int rows, int columns, boolean accumulate);
    }

    static BlockTable onTiles(ExecutableMemory memory) {
        return of((rows, columns, accumulate) -> new BlockKernel(memory, rows, columns, accumulate));
    }

    /** @param form whole tiles of bfloat16, or half ones */
    static BlockTable inRegisters(ExecutableMemory memory, StripForm form) {
        return of((rows, columns, accumulate) -> DotKernel.along(memory, form, rows, columns, accumulate));
    }

    private static BlockTable of(Writer writer) {
        return new BlockTable(table(writer, false), table(writer, true));
    }

    private static List<List<ProductKernel>> table(Writer writer, boolean accumulate) {
        return IntStream.rangeClosed(1, MOST_TILES)
                .mapToObj(rows -> IntStream.rangeClosed(1, MOST_TILES)
                        .mapToObj(columns -> writer.write(rows, columns, accumulate))
                        .toList())
                .toList();
    }

    ProductKernel get(int rows, int columns, boolean accumulate) {
        return (accumulate ? adding : setting).get(rows - 1).get(columns - 1);
    }
}
