package io.livegraft.gpu.machinecode;

/**
 * How rows of x lie in memory as bytes, for products with strips of a {@link StripForm}: block by block of the strips' inputs.
 *
 * <pre>{@code
 *   x[m,k] ≈ scale[m, block] · whole[m,k]     whole = x · (127 / magnitude), to nearest even;  scale = magnitude / 127
 *   a block:  whole of row 0, of row 1, …: signed bytes, in the order in which the form's words have their inputs
 *             scale of every row: float32
 *             bias of every row: −128 · Σ whole, 32 bits; what weights have too much where they are bytes without sign
 * }</pre>
 *
 * <p>A block's magnitude is the largest of a row's in it, at least 2⁻¹⁰⁰; one that is no number makes the row's results none.
 */
public final class ByteBlocks {
    private static final int LINE = 64;

    private ByteBlocks() {}

    /** Of all blocks of {@code columns}. */
    public static long bytes(StripForm form, int rows, int columns) {
        return (long) columns / form.blockInputs() * blockBytes(form, rows);
    }

    /** A multiple of 64, so that tiles' rows cross no lines. */
    static int blockBytes(StripForm form, int rows) {
        return Math.ceilDiv(rows * (form.blockInputs() + 2 * Integer.BYTES), LINE) * LINE;
    }

    /**
     * Bytes of other memory that a kernel fetches beside a block: a line for each row, more than what an adapter of rank 16 for each of them
     * has for a block of the base.
     */
    public static int fetched(int rows) {
        return rows * LINE;
    }

    /** Of row {@code m} in a block of {@code rows}. */
    static int scale(StripForm form, int rows, int m) {
        return rows * form.blockInputs() + m * Float.BYTES;
    }

    /** Of row {@code m} in a block of {@code rows}. */
    static int bias(StripForm form, int rows, int m) {
        return scale(form, rows, rows + m);
    }
}
