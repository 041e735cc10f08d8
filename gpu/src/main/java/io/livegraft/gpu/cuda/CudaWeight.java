package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.cuda.DeviceMemory.Block;
import java.util.Optional;

/** A frozen weight (out, in) on the device, laid out as {@code weight.cuh} says. */
sealed interface CudaWeight extends LinearWeight {
    /** By rows. */
    record Fp32(CudaTensor values) implements CudaWeight {
        @Override
        public int outputFeatures() {
            return values.rows();
        }

        @Override
        public int inputFeatures() {
            return values.columns();
        }

        @Override
        public long bytes() {
            return values.bytes();
        }
    }

    /** bfloat16 by rows of {@code values.stride()}. */
    record Bf16(Bf16Matrix values) implements CudaWeight {
        @Override
        public int outputFeatures() {
            return values.rows();
        }

        @Override
        public int inputFeatures() {
            return values.columns();
        }

        @Override
        public long bytes() {
            return values.block().bytes();
        }
    }

    /**
     * 8 bits a value.
     *
     * @param scales of the rows, float32
     */
    record Rows(int outputFeatures, int inputFeatures, Block tiles, MemoryBlock scales) implements CudaWeight {
        @Override
        public long bytes() {
            return tiles.bytes() + scales.bytes();
        }
    }

    /**
     * 4 bits a value.
     *
     * @param levels 16, float32
     */
    record Blocks(int outputFeatures, int inputFeatures, Block tiles, Block levels, Scales scales)
            implements CudaWeight {
        @Override
        public long bytes() {
            return tiles.bytes() + levels.bytes() + scales.bytes();
        }
    }

    /**
     * Scales of blocks.
     *
     * @param blockShift values a scale, as a power of two
     * @param ordered whether they follow the tiles, none of which has two in a row
     */
    record Scales(Block values, Optional<Nested> nested, int blockShift, boolean ordered) {
        long bytes() {
            return values.bytes() + nested.map(Nested::bytes).orElse(0L);
        }
    }

    /**
     * What codes of scales stand for: {@code map[code] · scales[code's place >> shift] + offset}.
     *
     * @param map 256 values, float32
     */
    record Nested(Block scales, Block map, float offset, int shift) {
        long bytes() {
            return scales.bytes() + map.bytes();
        }
    }
}
