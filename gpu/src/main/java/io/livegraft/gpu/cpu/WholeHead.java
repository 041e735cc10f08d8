package io.livegraft.gpu.cpu;

/**
 * Of a whole sequence.
 *
 * @param allKeysTransposed (D,T)
 * @param allValues (T,D)
 */
record WholeHead(Matrix allKeysTransposed, Matrix allValues) implements HeadMemory {
    @Override
    public int length() {
        return allValues.rows();
    }

    @Override
    public PanelSource keysTransposed(int from, int count) {
        return allKeysTransposed.columnBlock(from, count);
    }

    @Override
    public PanelSource values(int from, int count) {
        return allValues.rowBlock(from, count);
    }
}
