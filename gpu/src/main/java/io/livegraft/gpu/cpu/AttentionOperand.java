package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.RoundKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Rows rounded to bfloat16, as {@link io.livegraft.gpu.machinecode.PageKernel} reads them: tile by tile of 32 columns, of each all rows. */
sealed interface AttentionOperand {
    int TILE = StripForm.TILE_INPUTS;

    /** Room for {@code elements}, all zero if {@code cleared}, else as they may be. */
    MemorySegment begin(int elements, boolean cleared);

    /** Row {@code m} of {@code rows}: {@code bf16(scale · values)}, to the end of a tile with zeros. */
    void round(int m, int rows, float[] values, int from, int count, float scale);

    int elementBytes();

    /** Held in bfloat16. */
    final class Halves implements AttentionOperand {
        private final RoundKernel kernel;
        private final NativeBuffer buffer = new NativeBuffer();
        private MemorySegment memory = MemorySegment.NULL;

        Halves(RoundKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public MemorySegment begin(int elements, boolean cleared) {
            memory = buffer.atLeast((long) elements * Short.BYTES);
            if (cleared) {
                memory.fill((byte) 0);
            }
            return memory;
        }

        @Override
        public void round(int m, int rows, float[] values, int from, int count, float scale) {
            MemorySegment in = MemorySegment.ofArray(values).asSlice((long) Float.BYTES * from);
            long step = (long) TILE * Short.BYTES;
            kernel.run(in, 0, memory.asSlice(m * step), 0, rows * step, 1, count, scale);
        }

        @Override
        public int elementBytes() {
            return Short.BYTES;
        }
    }

    /** Held in float32. */
    final class Floats implements AttentionOperand {
        private float[] elements = new float[0];

        @Override
        public MemorySegment begin(int count, boolean cleared) {
            if (elements.length < count) {
                elements = new float[count];
            } else if (cleared) {
                Arrays.fill(elements, 0, count, 0f);
            }
            return MemorySegment.ofArray(elements);
        }

        @Override
        public void round(int m, int rows, float[] values, int from, int count, float scale) {
            Rounding.floatTiles(elements, m, rows, TILE, values, from, count, scale);
        }

        @Override
        public int elementBytes() {
            return Float.BYTES;
        }
    }
}
