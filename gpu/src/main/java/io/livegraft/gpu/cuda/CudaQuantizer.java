package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cuda.DeviceMemory.Block;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import io.livegraft.gpu.quantization.AbsMax;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.DoubleQuantization;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.tensor.HostTensor;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Quantizes weights on the device, to the very bits of {@link QuantizationFormat#quantize}; kernels: {@code quantize.cu}. Float32
 * passes through in pieces. The host sees the scales alone: their mean is its sum, and by them it knows what is not finite.
 */
final class CudaQuantizer {
    private static final int BLOCK = BlockTensor.DEFAULT_BLOCK_SIZE;
    private static final int THREADS = 256;
    private static final int VALUES_PER_THREAD = 8;

    private final CudaDevice device;
    private final CudaTiles tiles;
    private final CudaKernel fourBits;
    private final CudaKernel scales;
    private final CudaKernel largestOfRows;
    private final CudaKernel eightBits;

    CudaQuantizer(CudaDevice device, CudaTiles tiles) {
        this.device = device;
        this.tiles = tiles;
        this.fourBits = device.kernel("quantize", "quantize_4bit");
        this.scales = device.kernel("quantize", "quantize_scales");
        this.largestOfRows = device.kernel("quantize", "largest_of_rows");
        this.eightBits = device.kernel("quantize", "quantize_8bit");
    }

    /** In blocks of {@link BlockTensor#DEFAULT_BLOCK_SIZE}. */
    CudaWeight.Blocks blocks(HostTensor weight, Codebook codebook, boolean doubleQuantization) {
        int count = weight.values().length;
        try (var _ = device.workspaces().scratch()) {
            CudaTensor packed = device.workspaces().unset(1, Math.ceilDiv(count, VALUES_PER_THREAD));
            CudaTensor absMax = device.workspaces().unset(1, Math.ceilDiv(count, BLOCK));
            pack(packed, absMax, weight.values(), codebook);
            float[] largest = finite(absMax, weight.values(), BLOCK);
            Block laidOut = tiles.nibbles(packed, weight.rows(), weight.columns());
            return new CudaWeight.Blocks(
                    weight.rows(),
                    weight.columns(),
                    laidOut,
                    device.lasting(codebook.levels()),
                    doubleQuantization ? nested(weight, absMax, largest) : plain(weight, absMax));
        }
    }

    private void pack(CudaTensor packed, CudaTensor absMax, float[] values, Codebook codebook) {
        CodebookCuts by = CodebookCuts.of(codebook);
        CudaTensor cuts = uploaded(by.cuts());
        WeightPieces.pass(device, values, BLOCK, (piece, first) -> fourBits.arguments()
                .tensor(piece)
                .address(packed.address() + first / 2)
                .address(absMax.address() + (long) Float.BYTES * (first / BLOCK))
                .tensor(cuts)
                .wide(by.indices())
                .integer(piece.columns())
                .launch(Math.ceilDiv(piece.columns(), VALUES_PER_THREAD * THREADS), THREADS));
    }

    private CudaWeight.Scales plain(HostTensor weight, CudaTensor absMax) {
        return tiles.scales(absMax, weight.rows(), weight.columns(), BLOCK, Optional.empty());
    }

    private CudaWeight.Scales nested(HostTensor weight, CudaTensor absMax, float[] largest) {
        float offset = DoubleQuantization.offset(largest);
        int blocks = Math.ceilDiv(largest.length, DoubleQuantization.BLOCK);
        Block outer = device.memory().allocate((long) Float.BYTES * blocks, Use.WEIGHTS);
        CudaTensor codes = device.workspaces().unset(1, Math.ceilDiv(largest.length, Float.BYTES));
        scales.arguments()
                .tensor(absMax)
                .tensor(codes)
                .address(outer.address())
                .tensor(uploaded(DoubleQuantization.midpoints()))
                .number(offset)
                .integer(largest.length)
                .launch(blocks, DoubleQuantization.BLOCK);
        CudaWeight.Nested nested = new CudaWeight.Nested(
                outer,
                device.lasting(DoubleQuantization.map()),
                offset,
                Integer.numberOfTrailingZeros(DoubleQuantization.BLOCK));
        return tiles.scales(codes, weight.rows(), weight.columns(), BLOCK, Optional.of(nested));
    }

    /** 8 bits a value, a scale for each row. */
    CudaWeight.Rows rows(HostTensor weight) {
        int columns = weight.columns();
        Block laidOut = tiles.room(weight.rows(), columns, CudaWeights.EIGHT_BIT_TILE);
        CudaTensor absMax = device.workspaces().own(weight.rows(), 1, Use.WEIGHTS);
        WeightPieces.pass(device, weight.values(), CudaWeights.TILE_ROWS * columns, (piece, first) -> {
            int from = first / columns;
            CudaTensor some = piece.view(0, piece.columns() / columns, columns);
            CudaTensor largest = absMax.rowBlock(from, some.rows());
            largestOfRows
                    .arguments()
                    .tensor(some)
                    .tensor(largest)
                    .integer(some.rows())
                    .integer(columns)
                    .launch(Math.ceilDiv(some.rows(), THREADS / 32), THREADS);
            eightBits
                    .arguments()
                    .tensor(some)
                    .tensor(largest)
                    .address(laidOut.address() + CudaTiles.bytes(from, columns, CudaWeights.EIGHT_BIT_TILE))
                    .integer(some.rows())
                    .integer(columns)
                    .launch(CudaRounding.blocks(some.rows(), columns, CudaWeights.EIGHT_BIT_TILE), THREADS);
        });
        finite(absMax, weight.values(), columns);
        return new CudaWeight.Rows(weight.rows(), columns, laidOut, absMax.block());
    }

    /** The largest magnitudes; refuses what is not finite as the host's quantizer does. */
    private float[] finite(CudaTensor absMax, float[] values, int stretch) {
        float[] largest = new float[Math.ceilDiv(values.length, stretch)];
        device.download(MemorySegment.ofArray(largest), absMax.address());
        for (int i = 0; i < largest.length; i++) {
            if (!Float.isFinite(largest[i])) {
                AbsMax.of(values, i * stretch, Math.min((i + 1) * stretch, values.length));
            }
        }
        return largest;
    }

    private CudaTensor uploaded(float[] values) {
        CudaTensor room = device.workspaces().unset(1, values.length);
        device.upload(room.address(), MemorySegment.ofArray(values));
        return room;
    }
}
