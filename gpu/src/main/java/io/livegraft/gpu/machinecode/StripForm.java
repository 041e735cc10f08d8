package io.livegraft.gpu.machinecode;

/**
 * How a weight (out, in) lies in memory for these kernels: strips of 16 outputs, each in blocks of inputs one behind the other, so that
 * a pass over a strip is one stream.
 *
 * <pre>{@code
 *   a tile: 32 inputs × 16 outputs;  row p, lane n = the inputs 2p and 2p+1 of output n, as AMX has its second operand
 *   BFLOAT16    a block is a tile: 16 rows of 64 bytes
 *   NIBBLES_32  a block is a tile of 4-bit indices and the scales of its 16 outputs (float32):
 *               64 bytes hold rows 4i to 4i+3; of its lane n of 32 bits, bits 4j to 4j+3 are the even input of row 4i+j, bits 16+4j
 *               to 16+4j+3 the odd one
 *   NIBBLES_64  the same with two tiles
 *   BYTES_32    a block is a tile of whole numbers of 8 bits: row p has the even inputs of its 16 outputs, then the odd ones;
 *               behind a strip's last block stand the scales of its 16 outputs (float32)
 *   BFLOAT16_16 a block is half a tile: 16 inputs, 8 rows of 64 bytes; for the second factor of a low-rank adapter
 *   BYTES_16    the same in whole numbers: 8 rows of 32 bytes, scales as in BYTES_32
 * }</pre>
 */
public enum StripForm {
    NIBBLES_32(1, 32, 320),
    NIBBLES_64(2, 32, 576),
    BYTES_32(1, 32, 512),
    BFLOAT16(1, 32, 1024),
    BFLOAT16_16(1, 16, 512),
    BYTES_16(1, 16, 256);

    /** Outputs of a strip: float32 lanes of a register. */
    public static final int OUTPUTS = 16;

    /** Inputs of a whole tile. */
    public static final int TILE_INPUTS = 32;

    /** Bytes of a tile of bfloat16. */
    public static final int TILE_BYTES = 1024;

    /** Bytes of a tile of indices. */
    static final int NIBBLE_BYTES = 256;

    /** Bytes of 16 outputs' scales. */
    private static final int SCALE_BYTES = OUTPUTS * Float.BYTES;

    private final int tiles;
    private final int tileInputs;
    private final int bytes;

    StripForm(int tiles, int tileInputs, int bytes) {
        this.tiles = tiles;
        this.tileInputs = tileInputs;
        this.bytes = bytes;
    }

    /** Of a block. */
    public int tiles() {
        return tiles;
    }

    /** Of a block. */
    public int blockBytes() {
        return bytes;
    }

    public int blockInputs() {
        return tiles * tileInputs;
    }

    /** Behind a strip's last block. */
    public int endBytes() {
        return wholeNumbers() ? SCALE_BYTES : 0;
    }

    /** Whether its tiles have all their inputs, as products of many rows need them. */
    public boolean wholeTiles() {
        return tileInputs == TILE_INPUTS;
    }

    /** Rows of a tile: pairs of inputs. */
    int pairs() {
        return tileInputs / 2;
    }

    /** Of a row of x in a tile, bfloat16. */
    int inputBytes() {
        return tileInputs * Short.BYTES;
    }

    /** Inputs of a tile. */
    public int tileInputs() {
        return tileInputs;
    }

    /** Where a block of indices has its scales. */
    public int scaleOffset() {
        return tiles * NIBBLE_BYTES;
    }

    /** Where a block has tile {@code index}. */
    public int tileOffset(int index) {
        return indices() ? index * NIBBLE_BYTES : 0;
    }

    /** Whether it has indices, and scales in every block. */
    public boolean indices() {
        return this == NIBBLES_32 || this == NIBBLES_64;
    }

    /** Whether it has whole numbers, and scales behind a strip. */
    public boolean wholeNumbers() {
        return this == BYTES_32 || this == BYTES_16;
    }

    /** Whether its products can be those of bytes. */
    public boolean bytes() {
        return indices() || wholeNumbers();
    }

    /** Words of 64 bytes of a block, without scales: a byte of each has one input, or two. */
    int words() {
        return blockInputs() / (indices() ? 8 : 4);
    }

    /** Whether it has weights as they are. */
    public boolean bfloat16() {
        return this == BFLOAT16 || this == BFLOAT16_16;
    }
}
