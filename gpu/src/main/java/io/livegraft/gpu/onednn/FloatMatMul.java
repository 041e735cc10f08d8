package io.livegraft.gpu.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * Products of float32 matrices, for one thread; nothing of it may be used from another.
 *
 * <pre>{@code
 *   c[m,n] = Σ_k a[m,k] · b[k,n]        a (M,K), row-major     c (M,N), row-major
 *   b (K,N): either as its transpose (N,K) row-major, a weight's own layout, or row-major
 * }</pre>
 *
 * A compiled product is kept for every shape; shapes are few, since callers pad rows to a few sizes. With one thread a
 * row's bits are the same for every M of at least 2 (tested).
 */
public final class FloatMatMul {
    /** Shape of a product; {@code transposed} says that b lies in memory as (N,K). */
    public record Shape(int rows, int columns, int depth, boolean transposed) {}

    private record Compiled(
            MemorySegment primitive, MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment arguments) {}

    private static final int ARGUMENTS = 3;
    private static final int SOURCE = 1;
    private static final int WEIGHTS = 33;
    private static final int DESTINATION = 17;
    /** {@code dnnl_exec_arg_t}: an int, padding, a pointer. */
    private static final long ARGUMENT_BYTES = 16;

    private final OneDnn oneDnn;
    private final MemorySegment stream;
    private final Map<Shape, Compiled> compiled = new HashMap<>();

    /** To be made and used on one and the same thread. */
    public FloatMatMul(OneDnn oneDnn) {
        this.oneDnn = oneDnn;
        oneDnn.stayOnThisThread();
        this.stream = oneDnn.stream();
    }

    /** All three in native memory; returns when c is written. */
    public void run(Shape shape, MemorySegment c, MemorySegment a, MemorySegment b) {
        Compiled product = compiled.computeIfAbsent(shape, this::compile);
        oneDnn.point(product.a(), a);
        oneDnn.point(product.b(), b);
        oneDnn.point(product.c(), c);
        oneDnn.execute(product.primitive(), stream, ARGUMENTS, product.arguments());
    }

    private Compiled compile(Shape shape) {
        int depth = shape.depth();
        int columns = shape.columns();
        MemorySegment a = oneDnn.descriptor(OneDnn.F32, shape.rows(), depth, depth, 1);
        MemorySegment b = shape.transposed()
                ? oneDnn.descriptor(OneDnn.F32, depth, columns, 1, depth)
                : oneDnn.descriptor(OneDnn.F32, depth, columns, columns, 1);
        MemorySegment c = oneDnn.descriptor(OneDnn.F32, shape.rows(), columns, columns, 1);
        MemorySegment source = oneDnn.memory(a);
        MemorySegment weights = oneDnn.memory(b);
        MemorySegment destination = oneDnn.memory(c);
        MemorySegment arguments = Arena.ofAuto().allocate(ARGUMENTS * ARGUMENT_BYTES, ADDRESS.byteAlignment());
        argument(arguments, 0, SOURCE, source);
        argument(arguments, 1, WEIGHTS, weights);
        argument(arguments, 2, DESTINATION, destination);
        return new Compiled(oneDnn.matMul(a, b, c), source, weights, destination, arguments);
    }

    private static void argument(MemorySegment table, int index, int kind, MemorySegment memory) {
        table.set(JAVA_INT, index * ARGUMENT_BYTES, kind);
        table.set(ADDRESS, index * ARGUMENT_BYTES + ADDRESS.byteSize(), memory);
    }
}
