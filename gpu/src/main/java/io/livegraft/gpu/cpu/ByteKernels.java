package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ByteRoundKernel;
import io.livegraft.gpu.machinecode.ByteRowKernel;
import io.livegraft.gpu.machinecode.ByteTileKernel;
import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.VectorWidth;
import java.util.Optional;

/**
 * The machine code of a decode step in whole numbers, by form, shared by all threads.
 *
 * @param round writes rows in bytes
 * @param rows for 1 to {@link ByteRowKernel#MOST_ROWS} rows
 * @param fetchingRows the same, fetching other memory meanwhile
 * @param addingRows the same, adding to y, of the forms in whole numbers
 * @param tiles for more rows, where the processor has them
 */
record ByteKernels(
        FormTable<ByteRoundKernel> round,
        FormTable<KernelTable<ByteRowKernel>> rows,
        FormTable<KernelTable<ByteRowKernel>> fetchingRows,
        FormTable<KernelTable<ByteRowKernel>> addingRows,
        Optional<Tiles> tiles) {
    /**
     * For 1 to {@link ByteTileKernel#MOST_ROWS} rows.
     *
     * @param fetching other memory meanwhile
     */
    record Tiles(FormTable<KernelTable<ByteTileKernel>> plain, FormTable<KernelTable<ByteTileKernel>> fetching) {
        private static Tiles write(ExecutableMemory memory) {
            return new Tiles(kernels(memory, false), kernels(memory, true));
        }

        private static FormTable<KernelTable<ByteTileKernel>> kernels(ExecutableMemory memory, boolean fetch) {
            return FormTable.of(
                    StripForm::bytes,
                    form -> new KernelTable<>(
                            ByteTileKernel.MOST_ROWS, count -> new ByteTileKernel(memory, form, count, fetch)));
        }
    }

    /**
     * Writes them.
     *
     * @param width of the registers for few rows
     */
    static ByteKernels write(ExecutableMemory memory, VectorWidth width, boolean tiles) {
        return new ByteKernels(
                FormTable.of(StripForm::bytes, form -> new ByteRoundKernel(memory, width, form)),
                FormTable.of(StripForm::bytes, form -> rows(memory, width, form, false, false)),
                FormTable.of(StripForm::bytes, form -> rows(memory, width, form, false, true)),
                FormTable.of(StripForm::wholeNumbers, form -> rows(memory, width, form, true, false)),
                tiles ? Optional.of(Tiles.write(memory)) : Optional.empty());
    }

    private static KernelTable<ByteRowKernel> rows(
            ExecutableMemory memory, VectorWidth width, StripForm form, boolean add, boolean fetch) {
        return new KernelTable<>(
                ByteRowKernel.MOST_ROWS, count -> new ByteRowKernel(memory, width, form, count, add, fetch));
    }
}
