package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.PageKernel;

/**
 * Products with pages of keys and values in registers, for 1 to {@code mostRows} rows.
 *
 * @param setting y
 * @param adding to y
 */
record PageKernels(int mostRows, KernelTable<PageKernel> setting, KernelTable<PageKernel> adding) {
    /** @param dots whether the processor multiplies bfloat16 */
    static PageKernels write(ExecutableMemory memory, boolean dots) {
        int most = PageKernel.mostRows(dots);
        return new PageKernels(
                most,
                new KernelTable<>(most, rows -> new PageKernel(memory, dots, rows, false)),
                new KernelTable<>(most, rows -> new PageKernel(memory, dots, rows, true)));
    }
}
