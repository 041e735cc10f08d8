package io.livegraft.gpu.cpu;

import java.util.Arrays;

/** A strided matrix view: element (r, c) is {@code data[offset + r·rowStride + c·columnStride]}. */
record Matrix(float[] data, int offset, int rowStride, int columnStride, int rows, int columns) implements PanelSource {

    static Matrix zeros(int rows, int columns) {
        return new Matrix(new float[Math.multiplyExact(rows, columns)], 0, columns, 1, rows, columns);
    }

    /** Rows {@code from} to {@code from + count}, sharing memory. */
    Matrix rowBlock(int from, int count) {
        return new Matrix(data, offset + from * rowStride, rowStride, columnStride, count, columns);
    }

    /** Columns {@code from} to {@code from + count}, sharing memory. */
    Matrix columnBlock(int from, int count) {
        return new Matrix(data, offset + from * columnStride, rowStride, columnStride, rows, count);
    }

    Matrix transposed() {
        return new Matrix(data, offset, columnStride, rowStride, columns, rows);
    }

    /** Sets zeros; columns lie side by side. */
    void clear() {
        for (int row = 0; row < rows; row++) {
            int from = offset + row * rowStride;
            Arrays.fill(data, from, from + columns, 0f);
        }
    }

    @Override
    public int depth() {
        return rows;
    }

    @Override
    public void fill(float[] panel, int column, int width) {
        int base = offset + column * columnStride;
        if (columnStride == 1) {
            for (int k = 0; k < rows; k++) {
                System.arraycopy(data, base + k * rowStride, panel, k * PanelProduct.WIDTH, width);
            }
        } else {
            for (int c = 0; c < width; c++) {
                int from = base + c * columnStride;
                for (int k = 0; k < rows; k++) {
                    panel[k * PanelProduct.WIDTH + c] = data[from + k * rowStride];
                }
            }
        }
    }
}
