package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cuda.DeviceMemory.Block;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import java.util.Optional;

/** Lays out as {@code weight.cuh} says what is on the device in a file's order. */
final class CudaTiles {
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final CudaKernel nibbles;
    private final CudaKernel bytes;
    private final CudaKernel orderScales;

    CudaTiles(CudaDevice device) {
        this.device = device;
        this.nibbles = device.kernel("weight", "tile_nibbles");
        this.bytes = device.kernel("weight", "tile_bytes");
        this.orderScales = device.kernel("weight", "order_scales");
    }

    /** Of two indices a byte over the flat weight. */
    Block nibbles(CudaTensor packed, int rows, int columns) {
        return tiles(nibbles, packed, rows, columns, CudaWeights.FOUR_BIT_TILE);
    }

    Block bytes(CudaTensor values, int rows, int columns) {
        return tiles(bytes, values, rows, columns, CudaWeights.EIGHT_BIT_TILE);
    }

    private Block tiles(CudaKernel kernel, CudaTensor flat, int rows, int columns, int tileColumns) {
        Block tiles = room(rows, columns, tileColumns);
        kernel.arguments()
                .tensor(flat)
                .address(tiles.address())
                .integer(rows)
                .integer(columns)
                .launch(CudaRounding.blocks(rows, columns, tileColumns), THREADS);
        return tiles;
    }

    Block room(int rows, int columns, int tileColumns) {
        return device.memory().allocate(bytes(rows, columns, tileColumns), Use.WEIGHTS);
    }

    /** What the tiles of so many rows take. */
    static long bytes(int rows, int columns, int tileColumns) {
        long tiles = (long) Math.ceilDiv(rows, CudaWeights.TILE_ROWS) * Math.ceilDiv(columns, tileColumns);
        return tiles * CudaWeights.TILE_BYTES;
    }

    /**
     * Of a 4-bit weight.
     *
     * @param flat one for each block: codes of a byte where there are nested ones, else float32
     */
    CudaWeight.Scales scales(
            CudaTensor flat, int rows, int columns, int blockSize, Optional<CudaWeight.Nested> nested) {
        int shift = Integer.numberOfTrailingZeros(blockSize);
        int bytes = nested.isPresent() ? 1 : Float.BYTES;
        if (columns % CudaWeights.FOUR_BIT_TILE == 0 && blockSize % CudaWeights.FOUR_BIT_TILE == 0) {
            return new CudaWeight.Scales(ordered(flat, bytes, rows, columns, shift), nested, shift, true);
        }
        long size = Math.ceilDiv((long) rows * columns, blockSize) * bytes;
        Block values = device.memory().allocate(size, Use.WEIGHTS);
        device.queue().copy(values.address(), flat.address(), size);
        return new CudaWeight.Scales(values, nested, shift, false);
    }

    private Block ordered(CudaTensor flat, int bytes, int rows, int columns, int shift) {
        long count = (long) Math.ceilDiv(rows, CudaWeights.TILE_ROWS)
                * CudaWeights.TILE_ROWS
                * (columns / CudaWeights.FOUR_BIT_TILE);
        Block ordered = device.memory().allocate(count * bytes, Use.WEIGHTS);
        orderScales
                .arguments()
                .tensor(flat)
                .address(ordered.address())
                .integer(bytes)
                .integer(rows)
                .integer(columns)
                .integer(shift)
                .launch(Math.toIntExact(Math.ceilDiv(count, THREADS)), THREADS);
        return ordered;
    }
}
