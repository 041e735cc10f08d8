package io.livegraft.gpu.machinecode;

/**
 * What a kernel fetches into the second cache beside every block that it multiplies, so that the memory does not rest meanwhile.
 *
 * @param other address of lines of 64 bytes that follow each other
 * @param lines of them beside a block
 * @param ahead bytes from a block to the lines of weights that are fetched beside it, {@link #WEIGHT_LINES}
 */
public record Fetched(long other, int lines, long ahead) {
    public static final Fetched NOTHING = new Fetched(0, 0, 0);

    /** A third of a block of 4 bits: as many as memory brings while one is multiplied with four rows. */
    public static final int WEIGHT_LINES = 3;

    public static final int LINE = 64;

    public boolean isNothing() {
        return lines == 0 && ahead == 0;
    }
}
