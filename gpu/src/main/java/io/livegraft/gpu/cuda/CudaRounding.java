package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cuda.DeviceMemory.Use;

/** bfloat16 copies: of activations, rounded to nearest even, and of quantized weights, in the bits of bitsandbytes. */
final class CudaRounding {
    private static final int THREADS = 256;
    private static final int TILES_PER_BLOCK = THREADS / 32;

    private final CudaDevice device;
    private final WeightCopies copies;
    private final CudaKernel round;
    private final CudaKernel fourBits;
    private final CudaKernel eightBits;

    CudaRounding(CudaDevice device) {
        this.device = device;
        this.copies = new WeightCopies(device.memory(), device.copyBytes());
        this.round = device.kernel("weight", "round_to_bf16");
        this.fourBits = device.kernel("weight", "dequantize_4bit");
        this.eightBits = device.kernel("weight", "dequantize_8bit");
    }

    /** Copies of weights take no more than so many bytes from now on. */
    void limitCopies(long bytes) {
        copies.limit(bytes);
    }

    /** Room that ends with the scope in use. */
    Bf16Matrix unset(int rows, int columns) {
        CudaTensor room = device.workspaces().unset(rows, Bf16Matrix.stride(columns) / 2);
        return new Bf16Matrix(room.block(), room.address(), rows, columns, Bf16Matrix.stride(columns));
    }

    /** Room that lasts. */
    Bf16Matrix own(int rows, int columns) {
        DeviceMemory.Block block = device.memory().allocate(Bf16Matrix.bytes(rows, columns), Use.WEIGHTS);
        return new Bf16Matrix(block, block.address(), rows, columns, Bf16Matrix.stride(columns));
    }

    Bf16Matrix rounded(CudaTensor x) {
        Bf16Matrix out = unset(x.rows(), x.columns());
        round(out, x);
        return out;
    }

    void round(Bf16Matrix out, CudaTensor x) {
        long pieces = (long) out.rows() * out.stride() / 8;
        round.arguments()
                .tensor(x)
                .address(out.address())
                .integer(x.rows())
                .integer(x.columns())
                .integer(out.stride())
                .launch(Math.toIntExact(Math.ceilDiv(pieces, THREADS)), THREADS);
    }

    /** A weight as it is multiplied with in bfloat16; room that it needs ends with the scope in use. */
    Bf16Matrix dequantized(CudaWeight weight) {
        return switch (weight) {
            case CudaWeight.Fp32(var values) -> rounded(values);
            case CudaWeight.Bf16(var values) -> values;
            case CudaWeight.Rows rows -> copies.of(rows).orElseGet(() -> dequantized(rows));
            case CudaWeight.Blocks blocks -> copies.of(blocks).orElseGet(() -> dequantized(blocks));
        };
    }

    /** Room for a copy that lasts while memory does, or as long as the scope in use. */
    private Bf16Matrix room(CudaWeight weight) {
        return copies.room(weight).orElseGet(() -> unset(weight.outputFeatures(), weight.inputFeatures()));
    }

    private Bf16Matrix dequantized(CudaWeight.Rows w) {
        Bf16Matrix out = room(w);
        eightBits
                .arguments()
                .address(w.tiles().address())
                .address(w.scales().address())
                .address(out.address())
                .integer(out.rows())
                .integer(out.columns())
                .integer(out.stride())
                .launch(blocks(out.rows(), out.columns(), CudaWeights.EIGHT_BIT_TILE), THREADS);
        return out;
    }

    private Bf16Matrix dequantized(CudaWeight.Blocks w) {
        Bf16Matrix out = room(w);
        blocks(fourBits.arguments(), w)
                .address(out.address())
                .integer(out.rows())
                .integer(out.columns())
                .integer(out.stride())
                .launch(blocks(out.rows(), out.columns(), CudaWeights.FOUR_BIT_TILE), THREADS);
        return out;
    }

    /** The arguments that say what a 4-bit weight is. */
    static CudaKernel blocks(CudaKernel kernel, CudaWeight.Blocks w) {
        CudaWeight.Scales scales = w.scales();
        kernel.address(w.tiles().address())
                .address(w.levels().address())
                .address(scales.values().address())
                .address(
                        scales.nested().map(nested -> nested.scales().address()).orElse(0L))
                .address(scales.nested().map(nested -> nested.map().address()).orElse(0L))
                .number(scales.nested().map(CudaWeight.Nested::offset).orElse(0f))
                .integer(scales.blockShift())
                .integer(scales.nested().map(CudaWeight.Nested::shift).orElse(-1))
                .integer(scales.ordered() ? 1 : 0);
        return kernel;
    }

    /** Launches of a warp a tile. */
    static int blocks(int rows, int columns, int tileColumns) {
        long tiles = (long) Math.ceilDiv(rows, CudaWeights.TILE_ROWS) * Math.ceilDiv(columns, tileColumns);
        return Math.toIntExact(Math.ceilDiv(tiles, TILES_PER_BLOCK));
    }
}
