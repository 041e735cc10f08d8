package io.livegraft.gpu.cuda;

import io.livegraft.gpu.quantization.Codebook;

/**
 * A codebook as one ascending scale: a value that is strictly above {@code n} of the cuts has nibble {@code n} of {@code indices}.
 *
 * @param cuts 15
 */
record CodebookCuts(float[] cuts, long indices) {
    static CodebookCuts of(Codebook codebook) {
        float[] thresholds = codebook.thresholds();
        float[] cuts = thresholds.length == 15 ? thresholds : mirrored(thresholds);
        long indices = codebook.index(Float.NEGATIVE_INFINITY);
        for (int i = 0; i < cuts.length; i++) {
            indices |= (long) codebook.index(Math.nextUp(cuts[i])) << (4 * (i + 1));
        }
        return new CodebookCuts(cuts, indices);
    }

    /** Of magnitudes: a negative value on a threshold stays on the side of zero, which has no sign. */
    private static float[] mirrored(float[] thresholds) {
        int half = thresholds.length;
        float[] cuts = new float[2 * half + 1];
        for (int i = 0; i < half; i++) {
            cuts[half - 1 - i] = Math.nextDown(-thresholds[i]);
            cuts[half + 1 + i] = thresholds[i];
        }
        cuts[half] = -Float.MIN_VALUE;
        return cuts;
    }
}
