package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cuda.DeviceMemory.Block;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.quantization.Scales;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Lays frozen weights out on the device, and reads rows of them back. */
final class CudaWeights {
    static final int TILE_ROWS = 16;
    static final int FOUR_BIT_TILE = 64;
    static final int EIGHT_BIT_TILE = 32;
    private static final int TILE_BYTES = 512;
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaKernel tileNibbles;
    private final CudaKernel tileBytes;
    private final CudaKernel orderScales;
    private final CudaKernel embedFourBits;
    private final CudaKernel embedEightBits;
    private final CudaKernel embedBf16;
    private final CudaKernel embedFp32;

    CudaWeights(CudaDevice device, CudaRounding rounding) {
        this.device = device;
        this.rounding = rounding;
        this.tileNibbles = device.kernel("weight", "tile_nibbles");
        this.tileBytes = device.kernel("weight", "tile_bytes");
        this.orderScales = device.kernel("weight", "order_scales");
        this.embedFourBits = device.kernel("weight", "embed_4bit");
        this.embedEightBits = device.kernel("weight", "embed_8bit");
        this.embedBf16 = device.kernel("weight", "embed_bf16");
        this.embedFp32 = device.kernel("weight", "embed_fp32");
    }

    CudaWeight freeze(HostTensor weight, Precision precision) {
        return switch (precision) {
            case FP32 -> new CudaWeight.Fp32(lasting(weight));
            case BF16 -> new CudaWeight.Bf16(bf16(weight));
            case NF4, NF4_SINGLE, FP4, INT8, INT4 ->
                freeze(QuantizationFormat.of(precision).quantize(weight));
        };
    }

    CudaWeight freeze(QuantizedTensor weight) {
        return switch (weight) {
            case BlockTensor blocks -> fourBits(blocks);
            case RowTensor rows -> eightBits(rows);
        };
    }

    private CudaTensor lasting(HostTensor values) {
        CudaTensor tensor = device.workspaces().own(values.rows(), values.columns(), Use.WEIGHTS);
        device.upload(tensor.address(), MemorySegment.ofArray(values.values()));
        return tensor;
    }

    /** Rounded to nearest even, in memory that lasts. */
    Bf16Matrix bf16(HostTensor weight) {
        Bf16Matrix values = rounding.own(weight.rows(), weight.columns());
        try (var _ = device.workspaces().scratch()) {
            CudaTensor exact = device.workspaces().unset(weight.rows(), weight.columns());
            device.upload(exact.address(), MemorySegment.ofArray(weight.values()));
            rounding.round(values, exact);
        }
        return values;
    }

    private CudaWeight eightBits(RowTensor weight) {
        Block tiles = tiles(weight.rows(), weight.columns(), EIGHT_BIT_TILE);
        tile(tileBytes, tiles, weight.values(), weight, EIGHT_BIT_TILE);
        return new CudaWeight.Rows(weight.rows(), weight.columns(), tiles, lasting(weight.scales()));
    }

    private CudaWeight fourBits(BlockTensor weight) {
        Block tiles = tiles(weight.rows(), weight.columns(), FOUR_BIT_TILE);
        tile(tileNibbles, tiles, weight.packed(), weight, FOUR_BIT_TILE);
        return new CudaWeight.Blocks(
                weight.rows(), weight.columns(), tiles, lasting(weight.levels()), scales(weight, weight.scales()));
    }

    private CudaWeight.Scales scales(BlockTensor weight, Scales scales) {
        boolean ordered = weight.columns() % FOUR_BIT_TILE == 0 && weight.blockSize() % FOUR_BIT_TILE == 0;
        int shift = Integer.numberOfTrailingZeros(weight.blockSize());
        MemorySegment flat =
                switch (scales) {
                    case Scales.Plain plain -> MemorySegment.ofArray(plain.values());
                    case Scales.Nested nested -> MemorySegment.ofArray(nested.codes());
                };
        int bytes = scales instanceof Scales.Nested ? 1 : Float.BYTES;
        Block values = ordered ? ordered(flat, bytes, weight, shift) : lasting(flat);
        return new CudaWeight.Scales(values, nested(scales), shift, ordered);
    }

    private Optional<CudaWeight.Nested> nested(Scales scales) {
        return switch (scales) {
            case Scales.Plain plain -> Optional.empty();
            case Scales.Nested nested ->
                Optional.of(new CudaWeight.Nested(
                        lasting(nested.nested()),
                        lasting(nested.map()),
                        nested.offset(),
                        Integer.numberOfTrailingZeros(nested.nestedBlock())));
        };
    }

    /** @param bytes of a scale */
    private Block ordered(MemorySegment flat, int bytes, BlockTensor weight, int shift) {
        long count = (long) Math.ceilDiv(weight.rows(), TILE_ROWS) * TILE_ROWS * (weight.columns() / FOUR_BIT_TILE);
        Block ordered = device.memory().allocate(count * bytes, Use.WEIGHTS);
        try (var _ = device.workspaces().scratch()) {
            orderScales
                    .arguments()
                    .address(uploaded(flat).address())
                    .address(ordered.address())
                    .integer(bytes)
                    .integer(weight.rows())
                    .integer(weight.columns())
                    .integer(shift)
                    .launch(Math.toIntExact(Math.ceilDiv(count, THREADS)), THREADS);
        }
        return ordered;
    }

    private Block tiles(int rows, int columns, int tileColumns) {
        long tiles = (long) Math.ceilDiv(rows, TILE_ROWS) * Math.ceilDiv(columns, tileColumns);
        return device.memory().allocate(tiles * TILE_BYTES, Use.WEIGHTS);
    }

    private void tile(CudaKernel kernel, Block tiles, byte[] flat, QuantizedTensor of, int tileColumns) {
        try (var _ = device.workspaces().scratch()) {
            kernel.arguments()
                    .address(uploaded(MemorySegment.ofArray(flat)).address())
                    .address(tiles.address())
                    .integer(of.rows())
                    .integer(of.columns())
                    .launch(CudaRounding.blocks(of.rows(), of.columns(), tileColumns), THREADS);
        }
    }

    private CudaTensor uploaded(MemorySegment values) {
        int floats = Math.toIntExact(Math.ceilDiv(values.byteSize(), Float.BYTES));
        CudaTensor room = device.workspaces().unset(1, floats);
        device.upload(room.address(), values);
        return room;
    }

    private Block lasting(float[] values) {
        return lasting(MemorySegment.ofArray(values));
    }

    private Block lasting(MemorySegment values) {
        Block block = device.memory().allocate(values.byteSize(), Use.WEIGHTS);
        device.upload(block.address(), values);
        return block;
    }

    /** {@code y[n] = table[ids[n]]}, the values that it decodes to. */
    void embed(CudaTensor y, CudaWeight table, int[] ids) {
        y.requireShape(ids.length, table.inputFeatures());
        CudaKernel kernel =
                switch (table) {
                    case CudaWeight.Fp32(var values) -> embedFp32.arguments().tensor(values);
                    case CudaWeight.Bf16(var values) ->
                        embedBf16.arguments().address(values.address()).integer(values.stride());
                    case CudaWeight.Rows rows ->
                        embedEightBits
                                .arguments()
                                .address(rows.tiles().address())
                                .address(rows.scales().address());
                    case CudaWeight.Blocks blocks -> CudaRounding.blocks(embedFourBits.arguments(), blocks);
                };
        kernel.tensor(y).address(device.ints(ids)).integer(y.columns()).launch(ids.length, THREADS);
    }
}
