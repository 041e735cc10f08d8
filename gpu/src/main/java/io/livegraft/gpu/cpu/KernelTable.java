package io.livegraft.gpu.cpu;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Kernels by a number of rows from 1 on, each written when it is first asked for; shared by all threads. */
final class KernelTable<T> {
    private final AtomicReferenceArray<@Nullable T> kernels;
    private final IntFunction<T> writer;

    KernelTable(int mostRows, IntFunction<T> writer) {
        this.kernels = new AtomicReferenceArray<>(mostRows + 1);
        this.writer = writer;
    }

    T get(int rows) {
        T kernel = kernels.get(rows);
        return kernel != null ? kernel : write(rows);
    }

    private synchronized T write(int rows) {
        T kernel = kernels.get(rows);
        if (kernel == null) {
            kernel = writer.apply(rows);
            kernels.set(rows, kernel);
        }
        return kernel;
    }
}
