package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.DotRowKernel;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TileScratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What multiplies a few rows with strips of {@link StripForm#BFLOAT16}: the best that a processor has, for any number of rows. Every
 * thread has its own.
 */
sealed interface RowUnit {
    int TILE = StripForm.TILE_INPUTS;

    static RowUnit of(StripKernels kernels) {
        return kernels.tiles()
                .<RowUnit>map(Tiles::of)
                .or(() -> kernels.products().flatMap(Dots::of))
                .orElseGet(() -> new Registers(kernels));
    }

    /** Of one call. */
    int mostRows();

    /**
     * What {@link #product} reads.
     *
     * @param x bfloat16, tile by tile of 32 columns: of each, all rows one behind the other
     */
    default MemorySegment operand(MemorySegment x, int depth, int count) {
        return x;
    }

    /** Of one element of an operand. */
    default int operandBytes() {
        return Short.BYTES;
    }

    /**
     * {@code y = or += x · stripsᵀ}.
     *
     * @param x an operand (count, depth)
     * @param yStride bytes from row to row
     * @param gap bytes between the end of a strip and the next
     */
    void product(
            MemorySegment strips,
            MemorySegment x,
            int depth,
            MemorySegment y,
            long yStride,
            int count,
            int stripCount,
            long gap,
            boolean add);

    /** On AMX. */
    record Tiles(KernelTable<TileKernel> setting, KernelTable<TileKernel> adding, TileScratch scratch)
            implements RowUnit {
        private static final Constants CONSTANTS = Constants.withoutLevels();

        private static Tiles of(StripKernels.Tiles kernels) {
            StripForm form = StripForm.BFLOAT16;
            return new Tiles(kernels.decode().get(form), kernels.addingDecode().get(form), TileScratch.allocate());
        }

        @Override
        public int mostRows() {
            return TileKernel.MOST_ROWS;
        }

        @Override
        public void product(
                MemorySegment strips,
                MemorySegment x,
                int depth,
                MemorySegment y,
                long yStride,
                int count,
                int stripCount,
                long gap,
                boolean add) {
            TileKernel kernel = (add ? adding : setting).get(count);
            kernel.run(strips, x, y, yStride, depth / TILE, stripCount, CONSTANTS, scratch, gap);
        }
    }

    /** With products of bfloat16. */
    record Dots(KernelTable<DotRowKernel> setting, KernelTable<DotRowKernel> adding) implements RowUnit {
        private static Optional<RowUnit> of(ProductKernels kernels) {
            return kernels.rows()
                    .map(rows -> new Dots(rows, kernels.addingRows().orElseThrow()));
        }

        @Override
        public int mostRows() {
            return DotRowKernel.MOST_ROWS;
        }

        @Override
        public void product(
                MemorySegment strips,
                MemorySegment x,
                int depth,
                MemorySegment y,
                long yStride,
                int count,
                int stripCount,
                long gap,
                boolean add) {
            DotRowKernel kernel = (add ? adding : setting).get(count);
            kernel.run(strips, x, y, yStride, depth / TILE, stripCount, gap);
        }
    }

    /** With multiply-adds of float32. */
    final class Registers implements RowUnit {
        private static final Constants CONSTANTS = Constants.withoutLevels();

        private final KernelTable<RowKernel> setting;
        private final KernelTable<RowKernel> adding;
        private float[] turned = new float[0];

        private Registers(StripKernels kernels) {
            this.setting = kernels.rows().get(StripForm.BFLOAT16);
            this.adding = kernels.addingRows().get(StripForm.BFLOAT16);
        }

        @Override
        public int mostRows() {
            return RowKernel.MOST_ROWS;
        }

        /** As float32, a column's rows side by side. */
        @Override
        public MemorySegment operand(MemorySegment x, int depth, int count) {
            if (turned.length < depth * count) {
                turned = new float[depth * count];
            }
            for (int m = 0; m < count; m++) {
                for (int k = 0; k < depth; k++) {
                    int bits = x.getAtIndex(ValueLayout.JAVA_SHORT, ((k / TILE) * count + m) * TILE + k % TILE) << 16;
                    turned[k * count + m] = Float.intBitsToFloat(bits);
                }
            }
            return MemorySegment.ofArray(turned);
        }

        @Override
        public int operandBytes() {
            return Float.BYTES;
        }

        @Override
        public void product(
                MemorySegment strips,
                MemorySegment x,
                int depth,
                MemorySegment y,
                long yStride,
                int count,
                int stripCount,
                long gap,
                boolean add) {
            RowKernel kernel = (add ? adding : setting).get(count);
            kernel.run(strips, x, y, yStride, depth / TILE, stripCount, CONSTANTS, gap);
        }
    }
}
