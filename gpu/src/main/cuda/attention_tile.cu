// Attention of many queries on tensor cores (attention_bf16.cuh): prompts over a cache and whole sequences. A block has 128 packed
// rows, a warp 32 of them; while a block of keys is multiplied with, its values arrive, and the next keys while those are. What
// earlier stretches of keys gave waits in the result's own memory.
#include "attention_bf16.cuh"

namespace {

// Of a row in earlier stretches; in shared memory, since it is seldom looked at.
struct Total {
    float max, sum;
};

// Joins a stretch to the rows' total, in place of the results; at the last one divides by the sum.
template <int Columns>
DEVICE void close_stretch(float* out, float* log_sums, long long offset, const float (&results)[Columns][4], int half, float max,
                          float sum, Total total, Total& kept, bool last, int dim, float factor) {
    if (offset < 0 || (max == -INFINITY && total.max == -INFINITY)) {
        return;
    }
    bool fresh = total.max == -INFINITY;
    Join both = join(total.max, max, factor);
    total = {both.max, fmaf(total.sum, both.first, sum * both.second)};
    if ((lane_id() & 3) == 0) {
        kept = total;
    }
    float share = last ? 1.0f / total.sum : 1.0f;
    int column = 2 * (lane_id() & 3);
    float* row = out + offset + column;
    UNROLL
    for (int n = 0; n < Columns; n++) {
        if (8 * n + column < dim) {
            float2* place = reinterpret_cast<float2*>(row + 8 * n);
            float2 before = fresh ? float2{0, 0} : *place;
            *place = {fmaf(before.x, both.first, results[n][2 * half] * both.second) * share,
                      fmaf(before.y, both.first, results[n][2 * half + 1] * both.second) * share};
        }
    }
    if (last && log_sums != nullptr && column == 0) {
        log_sums[offset / dim] = fmaf(both.max, factor, log2f(total.sum));
    }
}

template <int D, int Tiles>
DEVICE void attend(float* out, float* log_sums, const float* q, const long long* table, int layer, int group, int dim, int window,
                   float factor) {
    constexpr int rows_of_block = 64 * Tiles;
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int head = int(blockIdx.y), packed_rows = int(sequence.rows) * group;
    int first_row = int(gridDim.x - 1 - blockIdx.x) * rows_of_block;  // long rows first
    if (first_row >= packed_rows) {
        return;
    }
    DYNAMIC_SHARED(bf16, memory);
    bf16* queries = memory;
    bf16* keys = queries + rows_of_block * D;
    bf16* values = keys + keys_of_block * D;
    const bf16* all_keys = head_of<bf16>(sequence.keys, sequence, layer, head);
    const bf16* all_values = head_of<bf16>(sequence.values, sequence, layer, head);
    int start = int(sequence.position);
    int last_row = (first_row + rows_of_block < packed_rows ? first_row + rows_of_block : packed_rows) - 1;
    int lowest = start + first_row / group, highest = start + last_row / group, end = highest + 1;
    int own_row = warp_id() * 16 * Tiles;  // of the block
    SHARED(Total, totals, rows_of_block);
    for (int row = int(threadIdx.x); row < rows_of_block; row += 128) {
        totals[row] = {-INFINITY, 0};
    }
    int key = first_seen(lowest, window) / keys_of_block * keys_of_block;
    copy_tile<D, keys_of_block>(keys, all_keys, sequence.position_stride, key, end);
    commit_copies();
    load_queries<D, rows_of_block>(queries, q, sequence, first_row, packed_rows, group, head, dim, int(gridDim.y));
    while (key < end) {
        int stretch_end = (key / keys_of_stretch + 1) * keys_of_stretch;
        stretch_end = stretch_end < end ? stretch_end : end;
        float results[Tiles][D / 8][4] = {};
        Softmax softmax[Tiles];
        UNROLL
        for (int m = 0; m < Tiles; m++) {
            softmax[m] = no_softmax();
        }
        for (; key < stretch_end; key += keys_of_block) {
            wait_copies<0>();
            sync_block();
            copy_tile<D, keys_of_block>(values, all_values, sequence.position_stride, key, end);
            commit_copies();
            float scores[Tiles][8][4] = {};
            UNROLL
            for (int k = 0; k < D / 16; k++) {
                unsigned left[Tiles][4], first[2], second[2];
                UNROLL
                for (int m = 0; m < Tiles; m++) {
                    load_left<D>(left[m], queries, own_row + 16 * m, k);
                }
                UNROLL
                for (int n = 0; n < 8; n += 2) {
                    load_right<D>(first, second, keys, 8 * n, k);
                    UNROLL
                    for (int m = 0; m < Tiles; m++) {
                        mma_bf16(scores[m][n], left[m], first);
                        mma_bf16(scores[m][n + 1], left[m], second);
                    }
                }
            }
            bool masked = key + keys_of_block - 1 > lowest || highest - key >= window;
            float2 kept[Tiles];
            unsigned probabilities[Tiles][4][4];
            UNROLL
            for (int m = 0; m < Tiles; m++) {
                int row = first_row + own_row + 16 * m + lane_id() / 4;
                if (masked) {
                    hide(scores[m], start + row / group, start + (row + 8) / group, key, window);
                }
                kept[m] = add_scores(softmax[m], scores[m], factor);
                UNROLL
                for (int k = 0; k < 4; k++) {
                    left_of_sums(probabilities[m][k], scores[m][2 * k], scores[m][2 * k + 1]);
                }
            }
            wait_copies<0>();
            sync_block();
            if (key + keys_of_block < end) {
                copy_tile<D, keys_of_block>(keys, all_keys, sequence.position_stride, key + keys_of_block, end);
            }
            commit_copies();
            add_values<D>(results, kept, probabilities, values, 0);
        }
        UNROLL
        for (int m = 0; m < Tiles; m++) {
            UNROLL
            for (int half = 0; half < 2; half++) {
                int row = own_row + 16 * m + 8 * half + lane_id() / 4;
                bool there = first_row + row < packed_rows;
                long long offset = there ? offset_of(sequence, first_row + row, group, head, dim, int(gridDim.y)) : -1;
                float sum = row_sum(softmax[m].sum[half]);
                Total total = totals[row];
                sync_warp();
                close_stretch(out, log_sums, offset, results[m], half, softmax[m].max[half], sum, total, totals[row], key >= end, dim,
                              factor);
            }
        }
    }
}

}  // namespace

// log_sums (N,H), unless null: log2 of each row's sum of e^s over its scores s. factor is 1 / (sqrt(D) ln 2).
BOUNDED_KERNEL(128, 2, attention_tile_64, float* out, float* log_sums, const float* q, const long long* table, int layer, int group,
               int dim, int window, float factor) {
    attend<64, 2>(out, log_sums, q, table, layer, group, dim, window, factor);
}
BOUNDED_KERNEL(128, 2, attention_tile_128, float* out, float* log_sums, const float* q, const long long* table, int layer, int group,
               int dim, int window, float factor) {
    attend<128, 2>(out, log_sums, q, table, layer, group, dim, window, factor);
}
