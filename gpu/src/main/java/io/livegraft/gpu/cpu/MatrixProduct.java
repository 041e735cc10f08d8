package io.livegraft.gpu.cpu;

/** {@code c = scale · a · b}, or added to c, on the calling thread: in float32 ({@link PanelProduct}) or in bfloat16 ({@link PackedProduct}). */
interface MatrixProduct {
    void run(Matrix c, Matrix a, Matrix b, float scale, boolean accumulate);
}
