package io.livegraft.gpu.backend;

/**
 * Both moments of one tensor in 8 bits with an absmax for every 256 (Dettmers et al., arXiv 2110.02861, equation 2); arrays are not
 * copied and only read.
 *
 * <pre>{@code
 *   m[i] = first.map[first.codes[i]] · first.absMax[i / 256]      v likewise, of second
 * }</pre>
 */
public record BlockwiseState(Codes first, Codes second) {
    /** Values of a code's block. */
    public static final int BLOCK = 256;

    /**
     * Of one moment. An x is put back as the code whose value is nearest to x over its block's absmax, the lower of two equally near ones;
     * a negative x that would be 0 as the code before that.
     *
     * @param map the 256 values of a code, ascending, with a 0
     */
    public record Codes(byte[] codes, float[] absMax, float[] map) {}

    public BlockwiseState {
        if (first.codes().length != second.codes().length) {
            throw new IllegalArgumentException(
                    "%d first moments but %d second ones".formatted(first.codes().length, second.codes().length));
        }
    }

    public int size() {
        return first.codes().length;
    }
}
