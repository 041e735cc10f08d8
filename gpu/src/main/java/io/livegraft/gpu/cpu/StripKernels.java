package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import java.util.Optional;

/**
 * The machine code that multiplies with {@link StripWeight}s, shared by all threads.
 *
 * @param rows by form, for 1 to {@link RowKernel#MOST_ROWS} rows
 * @param addingRows the same, adding to y, of the forms in bfloat16
 * @param pages of keys and values, in registers
 * @param tiles where the processor has them
 * @param products of many rows, where the processor multiplies bfloat16
 * @param bytes decode in whole numbers, where the processor can and it is wanted
 * @param elements beside products
 * @param memory that weights are laid out in
 */
record StripKernels(
        FormTable<KernelTable<RowKernel>> rows,
        FormTable<KernelTable<RowKernel>> addingRows,
        PageKernels pages,
        Optional<Tiles> tiles,
        Optional<ProductKernels> products,
        Optional<ByteKernels> bytes,
        ElementKernels elements,
        HugeMemory memory) {
    /**
     * What {@code rows} do, on AMX.
     *
     * @param decode by form, for 1 to {@link TileKernel#MOST_ROWS} rows
     * @param addingDecode the same, adding to y, of the forms in bfloat16
     */
    record Tiles(FormTable<KernelTable<TileKernel>> decode, FormTable<KernelTable<TileKernel>> addingDecode) {
        private static Tiles write(ExecutableMemory memory) {
            return new Tiles(
                    FormTable.of(form -> true, form -> tileKernels(memory, form, false)),
                    FormTable.of(StripForm::bfloat16, form -> tileKernels(memory, form, true)));
        }

        private static KernelTable<TileKernel> tileKernels(ExecutableMemory memory, StripForm form, boolean add) {
            return new KernelTable<>(TileKernel.MOST_ROWS, count -> new TileKernel(memory, form, count, add));
        }
    }

    /**
     * Writes what a machine can run.
     *
     * @param tiles whether it has tiles
     * @param products whether it multiplies bfloat16, on tiles or in registers
     * @param bytes whether it multiplies bytes
     */
    static StripKernels write(ExecutableMemory memory, boolean tiles, boolean products, boolean bytes) {
        return new StripKernels(
                FormTable.of(form -> true, form -> rowKernels(memory, form, false)),
                FormTable.of(StripForm::bfloat16, form -> rowKernels(memory, form, true)),
                PageKernels.write(memory, products && !tiles),
                tiles ? Optional.of(Tiles.write(memory)) : Optional.empty(),
                products ? Optional.of(ProductKernels.write(memory, tiles)) : Optional.empty(),
                bytes ? Optional.of(ByteKernels.write(memory, tiles)) : Optional.empty(),
                ElementKernels.write(memory),
                new HugeMemory());
    }

    StripKernels withoutBytes() {
        return new StripKernels(rows, addingRows, pages, tiles, products, Optional.empty(), elements, memory);
    }

    private static KernelTable<RowKernel> rowKernels(ExecutableMemory memory, StripForm form, boolean add) {
        return new KernelTable<>(RowKernel.MOST_ROWS, count -> new RowKernel(memory, form, count, add));
    }
}
