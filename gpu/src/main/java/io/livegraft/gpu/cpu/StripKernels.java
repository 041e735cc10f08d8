package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.FloatPanelKernel;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.VectorWidth;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The machine code that multiplies with {@link StripWeight}s, shared by all threads.
 *
 * @param wide where registers have 512 bits
 * @param tiles where the processor has them
 * @param products of many rows, where the processor multiplies bfloat16
 * @param bytes decode in whole numbers, where the processor can and it is wanted
 * @param panels strips as float32, where the processor lacks products
 * @param memory that weights are laid out in
 */
record StripKernels(
        Optional<WideKernels> wide,
        Optional<Tiles> tiles,
        Optional<ProductKernels> products,
        Optional<ByteKernels> bytes,
        FormTable<FloatPanelKernel> panels,
        HugeMemory memory) {
    /**
     * What {@link WideKernels#rows} do, on AMX.
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
     * Writes what a machine with registers of 512 bits can run.
     *
     * @param tiles whether it has tiles
     * @param products whether it multiplies bfloat16, on tiles or in registers
     * @param bytes which registers it multiplies bytes in
     */
    static StripKernels write(ExecutableMemory memory, boolean tiles, boolean products, Optional<VectorWidth> bytes) {
        return new StripKernels(
                Optional.of(WideKernels.write(memory, products && !tiles)),
                tiles ? Optional.of(Tiles.write(memory)) : Optional.empty(),
                products ? Optional.of(ProductKernels.write(memory, tiles)) : Optional.empty(),
                bytes.map(width -> ByteKernels.write(memory, width, tiles)),
                panels(memory, form -> !products),
                new HugeMemory());
    }

    /** Writes what one with registers of 256 bits can: products of bytes, no more. */
    static StripKernels writeNarrow(ExecutableMemory memory) {
        return new StripKernels(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(ByteKernels.write(memory, VectorWidth.NARROW, false)),
                panels(memory, StripForm::bytes),
                new HugeMemory());
    }

    private static FormTable<FloatPanelKernel> panels(ExecutableMemory memory, Predicate<StripForm> wanted) {
        return FormTable.of(wanted, form -> new FloatPanelKernel(memory, form));
    }

    /** Empty where nothing is left to multiply with. */
    Optional<StripKernels> withoutBytes() {
        return wide.isPresent()
                ? Optional.of(new StripKernels(wide, tiles, products, Optional.empty(), panels, memory))
                : Optional.empty();
    }

    /** Whether decode steps multiply weights of such a form. */
    boolean multiplies(StripForm form) {
        return wide.isPresent() || (bytes.isPresent() && form.bytes());
    }
}
