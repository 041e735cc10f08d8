// Pieces of attention on tensor cores (attention.cuh): operands bf16, sums float32. A warp has 16 packed rows, or several times
// 16; keys come in blocks of 64. Sums over the keys of a stretch of 512 positions are by themselves, then joined in ascending order:
// decoding gives each stretch to a block of its own, and has the bits of a prompt all the same.
#pragma once
#include "attention.cuh"

constexpr int keys_of_block = 64;
constexpr int keys_of_stretch = 512;

// A tile in shared memory has rows of D bf16 in pieces of 16 bytes, piece c of row r where c ^ r % 8 would be: eight rows of a column
// of pieces lie in different banks.
template <int D>
DEVICE int place(int row, int piece) {
    return row * D + (piece ^ (row & 7)) * 8;
}

// Starts copying rows first to first + Rows of D bf16 each, zeros from row end on; 128 threads.
template <int D, int Rows>
DEVICE void copy_tile(bf16* tile, const bf16* from, long long stride, int first, int end) {
    constexpr int pieces = D / 8, step = 128 / pieces;
    int row = int(threadIdx.x) / pieces, piece = int(threadIdx.x) % pieces;
    bf16* to = tile + place<D>(row, piece);
    from += (first + row) * stride + piece * 8;
    UNROLL
    for (int i = 0; i < Rows / step; i++) {
        copy_async_16(to + i * step * D, from, first + row + i * step < end ? 16 : 0);
        from += step * stride;
    }
}

// The same of a block of a sequence's keys or values from key on, which lie in one page, D columns apart.
template <int D>
DEVICE void copy_keys(bf16* tile, const bf16* all, const Sequence& sequence, int key, int end) {
    copy_tile<D, keys_of_block>(tile, rows_from(all, sequence, key, D), D, 0, end - key);
}

// The same in row + r and piece + 2 k, where row is a multiple of 8: what depends on the lane is worked out once.
template <int D>
DEVICE int place(int row, int r, int piece, int k) {
    return row * D + (r * D + ((piece ^ (r & 7)) * 8 ^ 16 * k));
}

// 16 rows from row on, 16 deep from column 16 k on, as mma's left operand.
template <int D>
DEVICE void load_left(unsigned (&fragment)[4], const bf16* tile, int row, int k) {
    int lane = lane_id();
    load_matrix_x4(fragment, tile + place<D>(row, lane & 15, lane >> 4, k));
}

// 16 rows from row on as two right operands of 8 columns (a row a column), 16 deep from column 16 k on.
template <int D>
DEVICE void load_right(unsigned (&first)[2], unsigned (&second)[2], const bf16* tile, int row, int k) {
    unsigned fragment[4];
    int lane = lane_id();
    load_matrix_x4(fragment, tile + place<D>(row, (lane & 7) + ((lane >> 4) << 3), (lane >> 3) & 1, k));
    first[0] = fragment[0], first[1] = fragment[1], second[0] = fragment[2], second[1] = fragment[3];
}

// 16 rows deep from row on, as two right operands: of the 8 columns from 16 n on and of the 8 behind them.
template <int D>
DEVICE void load_right_transposed(unsigned (&first)[2], unsigned (&second)[2], const bf16* tile, int row, int n) {
    unsigned fragment[4];
    int lane = lane_id();
    load_matrix_x4_transposed(fragment, tile + place<D>(row, lane & 15, lane >> 4, n));
    first[0] = fragment[0], first[1] = fragment[1], second[0] = fragment[2], second[1] = fragment[3];
}

// The sums of 16 columns of 16 rows, rounded, as a left operand that is 16 deep.
DEVICE void left_of_sums(unsigned (&fragment)[4], const float (&low)[4], const float (&high)[4]) {
    fragment[0] = pack_bf16(low[0], low[1]);
    fragment[1] = pack_bf16(low[2], low[3]);
    fragment[2] = pack_bf16(high[0], high[1]);
    fragment[3] = pack_bf16(high[2], high[3]);
}

// Softmax so far of a lane's two rows, g and g + 8: the largest score, and the lane's part of the sum.
struct Softmax {
    float max[2], sum[2];
};

DEVICE Softmax no_softmax() { return {{-INFINITY, -INFINITY}, {0, 0}}; }

// Scores of 64 keys from key on that rows g and g + 8, at these positions, don't see become nothing.
DEVICE void hide(float (&scores)[8][4], int upper, int lower, int key, int window) {
    UNROLL
    for (int n = 0; n < 8; n++) {
        UNROLL
        for (int side = 0; side < 2; side++) {
            int column = key + 8 * n + 2 * (lane_id() & 3) + side;
            scores[n][side] = sees(upper, window, column) ? scores[n][side] : -INFINITY;
            scores[n][2 + side] = sees(lower, window, column) ? scores[n][2 + side] : -INFINITY;
        }
    }
}

// Turns scores of 64 keys into e^((s - max) scale) and returns what earlier results are multiplied by; factor is scale / ln 2.
DEVICE float2 add_scores(Softmax& state, float (&scores)[8][4], float factor) {
    float kept[2];
    UNROLL
    for (int half = 0; half < 2; half++) {
        float largest = state.max[half];
        UNROLL
        for (int n = 0; n < 8; n++) {
            largest = fmaxf(largest, fmaxf(scores[n][2 * half], scores[n][2 * half + 1]));
        }
        largest = fmaxf(largest, shuffle_xor(largest, 1));
        largest = fmaxf(largest, shuffle_xor(largest, 2));
        float base = largest == -INFINITY ? 0 : largest * factor;
        kept[half] = largest == state.max[half] ? 1.0f : fast_exp2((state.max[half] - largest) * factor);
        float sum = 0;
        UNROLL
        for (int n = 0; n < 8; n++) {
            UNROLL
            for (int side = 0; side < 2; side++) {
                float& s = scores[n][2 * half + side];
                s = fast_exp2(fmaf(s, factor, -base));
                sum += s;
            }
        }
        state.max[half] = largest;
        state.sum[half] = fmaf(state.sum[half], kept[half], sum);
    }
    return {kept[0], kept[1]};
}

// results[m] = kept[m] results[m] + probabilities[m] . values for each of Tiles times 16 rows and 8 Columns columns, from 16 column on;
// probabilities are left operands of 16 keys each.
template <int D, int Tiles, int Columns>
DEVICE void add_values(float (&results)[Tiles][Columns][4], const float2 (&kept)[Tiles], const unsigned (&probabilities)[Tiles][4][4],
                       const bf16* values, int column) {
    UNROLL
    for (int m = 0; m < Tiles; m++) {
        UNROLL
        for (int n = 0; n < Columns; n++) {
            results[m][n][0] *= kept[m].x;
            results[m][n][1] *= kept[m].x;
            results[m][n][2] *= kept[m].y;
            results[m][n][3] *= kept[m].y;
        }
    }
    UNROLL
    for (int k = 0; k < 4; k++) {
        UNROLL
        for (int n = 0; n < Columns; n += 2) {
            unsigned first[2], second[2];
            load_right_transposed<D>(first, second, values, 16 * k, column + n / 2);
            UNROLL
            for (int m = 0; m < Tiles; m++) {
                mma_bf16(results[m][n], probabilities[m][k], first);
                mma_bf16(results[m][n + 1], probabilities[m][k], second);
            }
        }
    }
}

// A lane's part of a sum over a row, from all four lanes that have the row.
DEVICE float row_sum(float part) {
    part += shuffle_xor(part, 1);
    return part + shuffle_xor(part, 2);
}

// How two stretches of a row join: with what each one's results are multiplied. Both have the scores' own scale.
struct Join {
    float max, first, second;
};

DEVICE Join join(float first, float second, float factor) {
    float max = fmaxf(first, second);
    return {max, fast_exp2((first - max) * factor), fast_exp2((second - max) * factor)};
}

// Rows first to first + Rows of the packed queries, rounded; zeros beyond D and beyond the last row.
template <int D, int Rows>
DEVICE void load_queries(bf16* tile, const float* q, const Sequence& sequence, int first, int end, int group, int head, int dim,
                         int kv_heads) {
    bool whole = dim % 8 == 0 && aligned(q);
    for (int number = int(threadIdx.x); number < Rows * D / 8; number += int(blockDim.x)) {
        int row = number / (D / 8), piece = number % (D / 8);
        float4 low{0, 0, 0, 0}, high{0, 0, 0, 0};
        if (first + row < end && 8 * piece < dim) {
            const float* from = q + offset_of(sequence, first + row, group, head, dim, kv_heads);
            low = load_four(from, 8 * piece, dim, whole);
            high = load_four(from, 8 * piece + 4, dim, whole);
        }
        *reinterpret_cast<uint4*>(tile + place<D>(row, piece)) = {pack_bf16(low.x, low.y), pack_bf16(low.z, low.w),
                                                                  pack_bf16(high.x, high.y), pack_bf16(high.z, high.w)};
    }
}
