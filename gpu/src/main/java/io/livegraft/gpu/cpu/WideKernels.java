package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;

/**
 * Machine code in registers of 512 bits that needs no more than those.
 *
 * @param rows by form, for 1 to {@link RowKernel#MOST_ROWS} rows
 * @param addingRows the same, adding to y, of the forms in bfloat16
 * @param pages of keys and values
 * @param elements beside products
 */
record WideKernels(
        FormTable<KernelTable<RowKernel>> rows,
        FormTable<KernelTable<RowKernel>> addingRows,
        PageKernels pages,
        ElementKernels elements) {
    /** @param dots whether pages are multiplied in bfloat16 */
    static WideKernels write(ExecutableMemory memory, boolean dots) {
        return new WideKernels(
                FormTable.of(form -> true, form -> rows(memory, form, false)),
                FormTable.of(StripForm::bfloat16, form -> rows(memory, form, true)),
                PageKernels.write(memory, dots),
                ElementKernels.write(memory));
    }

    private static KernelTable<RowKernel> rows(ExecutableMemory memory, StripForm form, boolean add) {
        return new KernelTable<>(RowKernel.MOST_ROWS, count -> new RowKernel(memory, form, count, add));
    }
}
