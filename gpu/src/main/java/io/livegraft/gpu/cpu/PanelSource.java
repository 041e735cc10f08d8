package io.livegraft.gpu.cpu;

/** The right-hand side (depth, columns) of a product, handed out in panels of at most {@link PanelProduct#WIDTH} columns. */
interface PanelSource {
    /** The inner dimension K. */
    int depth();

    int columns();

    /**
     * Writes columns {@code column} to {@code column + width} as {@code panel[k · WIDTH + c]}; what lies beyond
     * {@code width} in a panel row may hold anything finite.
     */
    void fill(float[] panel, int column, int width);
}
