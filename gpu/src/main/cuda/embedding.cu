// Rows of a table by id: y[n] = table[ids[n]], and the table's gradient.
#include "row.cuh"

KERNEL(embed_float, float* y, const float* table, const int* ids, int columns) {
    const float* row = table + static_cast<long long>(ids[blockIdx.x]) * columns;
    float* out = y + static_cast<long long>(blockIdx.x) * columns;
    bool four = columns % 4 == 0 && aligned(row, out);
    for (int c = 4 * int(threadIdx.x); c < columns; c += 4 * int(blockDim.x)) {
        store_four(out, c, columns, four, load_four(row, c, columns, four));
    }
}

// dTable[ids[n]] += dy[n], in order of n. Block: one id, with all its rows; a thread a column. The groups have, one behind the other:
// where each id's rows begin and where all end, the ids, and the rows, those of an id together and ascending.
KERNEL(embed_backward, float* d_table, const float* dy, const int* groups, int columns) {
    int count = int(gridDim.x), from = groups[blockIdx.x], to = groups[blockIdx.x + 1];
    const int* rows = groups + 2 * count + 1;
    float* row = d_table + static_cast<long long>(groups[count + 1 + int(blockIdx.x)]) * columns;
    for (int c = int(threadIdx.x); c < columns; c += int(blockDim.x)) {
        float sum = row[c];
        for (int i = from; i < to; i++) {
            sum += dy[static_cast<long long>(rows[i]) * columns + c];
        }
        row[c] = sum;
    }
}
