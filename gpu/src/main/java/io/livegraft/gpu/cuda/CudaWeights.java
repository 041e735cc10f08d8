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
    static final int TILE_BYTES = 512;
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaTiles tiles;
    private final CudaQuantizer quantizer;
    private final CudaKernel embedFourBits;
    private final CudaKernel embedEightBits;
    private final CudaKernel embedBf16;
    private final CudaKernel embedFp32;

    CudaWeights(CudaDevice device, CudaRounding rounding) {
        this.device = device;
        this.rounding = rounding;
        this.tiles = new CudaTiles(device);
        this.quantizer = new CudaQuantizer(device, tiles);
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
                switch (QuantizationFormat.of(precision)) {
                    case QuantizationFormat.Blocks blocks ->
                        quantizer.blocks(weight, blocks.codebook(), blocks.doubleQuantization());
                    case QuantizationFormat.Rows _ -> quantizer.rows(weight);
                };
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
        int columns = weight.columns();
        WeightPieces.pass(device, weight.values(), columns, (piece, first) -> {
            int rows = piece.columns() / columns;
            rounding.round(values.rowBlock(first / columns, rows), piece.view(0, rows, columns));
        });
        return values;
    }

    private CudaWeight eightBits(RowTensor weight) {
        try (var _ = device.workspaces().scratch()) {
            Block laidOut = tiles.bytes(uploaded(weight.values()), weight.rows(), weight.columns());
            return new CudaWeight.Rows(weight.rows(), weight.columns(), laidOut, device.lasting(weight.scales()));
        }
    }

    private CudaWeight fourBits(BlockTensor weight) {
        try (var _ = device.workspaces().scratch()) {
            return new CudaWeight.Blocks(
                    weight.rows(),
                    weight.columns(),
                    tiles.nibbles(uploaded(weight.packed()), weight.rows(), weight.columns()),
                    device.lasting(weight.levels()),
                    scales(weight));
        }
    }

    private CudaWeight.Scales scales(BlockTensor weight) {
        CudaTensor flat =
                switch (weight.scales()) {
                    case Scales.Plain plain -> uploaded(MemorySegment.ofArray(plain.values()));
                    case Scales.Nested nested -> uploaded(nested.codes());
                };
        return tiles.scales(flat, weight.rows(), weight.columns(), weight.blockSize(), nested(weight.scales()));
    }

    private Optional<CudaWeight.Nested> nested(Scales scales) {
        return switch (scales) {
            case Scales.Plain _ -> Optional.empty();
            case Scales.Nested nested ->
                Optional.of(new CudaWeight.Nested(
                        device.lasting(nested.nested()),
                        device.lasting(nested.map()),
                        nested.offset(),
                        Integer.numberOfTrailingZeros(nested.nestedBlock())));
        };
    }

    private CudaTensor uploaded(byte[] values) {
        return uploaded(MemorySegment.ofArray(values));
    }

    private CudaTensor uploaded(MemorySegment values) {
        int floats = Math.toIntExact(Math.ceilDiv(values.byteSize(), Float.BYTES));
        CudaTensor room = device.workspaces().unset(1, floats);
        device.upload(room.address(), values);
        return room;
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
