// Attention of one query of each of many sequences on tensor cores (attention_bf16.cuh): the next token of each. A block has up to
// 16 packed rows, that is the heads of one group, and one stretch of keys; its four warps share out the keys for the scores and the
// columns for the results, so that every sum is that of attention_tile. Grid: stretches, key-value heads times sixteens of a
// group, sequences. Where a sequence stands is read from its table line, so that a captured launch serves every step. The token's own
// key and value are written into the cache on the way.
#include "attention_bf16.cuh"

namespace {

constexpr int step_rows = 16;

// First and last stretch that a query at this position sees some of.
DEVICE int first_stretch(int position, int window) { return first_seen(position, window) / keys_of_stretch; }
DEVICE int last_stretch(int position) { return position / keys_of_stretch; }

// What a stretch gave for one row: max and sum, then D results; parts (sequences, H, stretches) of them.
DEVICE float* part_of(float* parts, int sequence, int head, int heads, int stretch, int stretches, int dim) {
    return parts + ((static_cast<long long>(sequence) * heads + head) * stretches + stretch) * (dim + 2);
}

// Rounds four of a row's D values, zeros from D on.
DEVICE uint2 rounded_four(const float* row, int d, int dim, bool whole) {
    float4 four = load_four(row, d, dim, whole && d < dim);
    return {pack_bf16(four.x, four.y), pack_bf16(four.z, four.w)};
}

// Rounds the key and the value of one head into their places.
DEVICE void append(const bf16* key, const bf16* value, const float* k, const float* v, int columns, int dim) {
    bool whole = dim % 4 == 0 && aligned(k, v);
    for (int d = 4 * int(threadIdx.x); d < columns; d += 4 * int(blockDim.x)) {
        *reinterpret_cast<uint2*>(const_cast<bf16*>(key) + d) = rounded_four(k, d, dim, whole);
        *reinterpret_cast<uint2*>(const_cast<bf16*>(value) + d) = rounded_four(v, d, dim, whole);
    }
}

template <int D>
DEVICE void attend(float* out, float* parts, const float* q, const float* k, const float* v, const long long* table, int layer,
                   int group, int kv_heads, int dim, int window, float factor) {
    constexpr int columns = D / 32;  // of a warp, in eights
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int position = int(sequence.position), stretch = int(blockIdx.x);
    int first = first_stretch(position, window), last = last_stretch(position);
    if (sequence.rows == 0 || stretch < first || stretch > last) {
        return;
    }
    int head = int(blockIdx.y) % kv_heads, first_row = int(blockIdx.y) / kv_heads * step_rows;
    DYNAMIC_SHARED(bf16, memory);
    bf16* queries = memory;
    bf16* keys = queries + step_rows * D;
    bf16* values = keys + 2 * keys_of_block * D;
    SHARED(float, exchange, step_rows * (keys_of_block + 8));
    const bf16* all_keys = head_of<bf16>(sequence.keys, sequence, layer, head);
    const bf16* all_values = head_of<bf16>(sequence.values, sequence, layer, head);
    if (stretch == last) {
        long long own = (sequence.row * kv_heads + head) * dim;
        append(rows_from(all_keys, sequence, position, D), rows_from(all_values, sequence, position, D), k + own, v + own, D, dim);
        sync_block();
    }
    int stretch_end = (stretch + 1) * keys_of_stretch;
    int end = position + 1 < stretch_end ? position + 1 : stretch_end;
    int seen = first_seen(position, window) / keys_of_block * keys_of_block;
    int key = seen > stretch * keys_of_stretch ? seen : stretch * keys_of_stretch;
    copy_keys<D>(keys, all_keys, sequence, key, end);
    copy_keys<D>(values, all_values, sequence, key, end);
    commit_copies();
    load_queries<D, step_rows>(queries, q, sequence, first_row, group, group, head, dim, kv_heads);
    float results[1][columns][4] = {};
    Softmax softmax = no_softmax();
    for (int turn = 0; key < end; key += keys_of_block, turn ^= 1) {
        const bf16* these_keys = keys + turn * keys_of_block * D;
        const bf16* these_values = values + turn * keys_of_block * D;
        wait_copies<0>();
        sync_block();
        if (key + keys_of_block < end) {
            int next = (turn ^ 1) * keys_of_block * D;
            copy_keys<D>(keys + next, all_keys, sequence, key + keys_of_block, end);
            copy_keys<D>(values + next, all_values, sequence, key + keys_of_block, end);
        }
        commit_copies();
        float own[2][4] = {};
        UNROLL
        for (int k = 0; k < D / 16; k++) {
            unsigned left[4], right[2][2];
            load_left<D>(left, queries, 0, k);
            load_right<D>(right[0], right[1], these_keys, 16 * warp_id(), k);
            mma_bf16(own[0], left, right[0]);
            mma_bf16(own[1], left, right[1]);
        }
        // 72 floats a row: both rows of a lane and its neighbours lie in different banks
        float* place = exchange + lane_id() / 4 * (keys_of_block + 8) + 2 * (lane_id() & 3);
        UNROLL
        for (int n = 0; n < 2; n++) {
            *reinterpret_cast<float2*>(place + 16 * warp_id() + 8 * n) = {own[n][0], own[n][1]};
            *reinterpret_cast<float2*>(place + 16 * warp_id() + 8 * n + 8 * (keys_of_block + 8)) = {own[n][2], own[n][3]};
        }
        sync_block();
        float scores[8][4];
        UNROLL
        for (int n = 0; n < 8; n++) {
            float2 upper = *reinterpret_cast<const float2*>(place + 8 * n);
            float2 lower = *reinterpret_cast<const float2*>(place + 8 * n + 8 * (keys_of_block + 8));
            scores[n][0] = upper.x, scores[n][1] = upper.y, scores[n][2] = lower.x, scores[n][3] = lower.y;
        }
        if (key + keys_of_block > end || position - key >= window) {
            hide(scores, position, position, key, window);
        }
        float2 kept[1] = {add_scores(softmax, scores, factor)};
        unsigned probabilities[1][4][4];
        UNROLL
        for (int k = 0; k < 4; k++) {
            left_of_sums(probabilities[0][k], scores[2 * k], scores[2 * k + 1]);
        }
        add_values<D>(results, kept, probabilities, these_values, warp_id() * columns / 2);
    }
    UNROLL
    for (int half = 0; half < 2; half++) {
        int row = first_row + 8 * half + lane_id() / 4;
        float sum = row_sum(softmax.sum[half]);
        if (row >= group) {
            continue;
        }
        int column = warp_id() * D / 4 + 2 * (lane_id() & 3), heads = group * kv_heads;
        float* part = part_of(parts, int(blockIdx.z), head * group + row, heads, stretch, int(gridDim.x), dim);
        bool alone = first == last;
        float* to = alone ? out + (sequence.row * heads + head * group + row) * dim : part + 2;
        float share = alone ? 1.0f / sum : 1.0f;
        UNROLL
        for (int n = 0; n < columns; n++) {
            if (column + 8 * n < dim) {
                *reinterpret_cast<float2*>(to + column + 8 * n) = {results[0][n][2 * half] * share, results[0][n][2 * half + 1] * share};
            }
        }
        if (!alone && warp_id() == 0 && (lane_id() & 3) == 0) {
            part[0] = softmax.max[half];
            part[1] = sum;
        }
    }
}

}  // namespace

// factor is 1 / (sqrt(D) ln 2).
BOUNDED_KERNEL(128, 2, attention_step_64, float* out, float* parts, const float* q, const float* k, const float* v,
               const long long* table, int layer, int group, int kv_heads, int dim, int window, float factor) {
    attend<64>(out, parts, q, k, v, table, layer, group, kv_heads, dim, window, factor);
}
BOUNDED_KERNEL(128, 2, attention_step_128, float* out, float* parts, const float* q, const float* k, const float* v,
               const long long* table, int layer, int group, int kv_heads, int dim, int window, float factor) {
    attend<128>(out, parts, q, k, v, table, layer, group, kv_heads, dim, window, factor);
}

// Joins the stretches of each row, in ascending order, as attention_tile does. Block: one row; grid: H, sequences.
KERNEL(attention_join, float* out, float* parts, const long long* table, int stretches, int dim, int window, float factor) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.y));
    int position = int(sequence.position), heads = int(gridDim.x), head = int(blockIdx.x);
    int first = first_stretch(position, window), last = last_stretch(position);
    if (sequence.rows == 0 || first == last) {
        return;
    }
    for (int d = int(threadIdx.x); d < dim; d += int(blockDim.x)) {
        float max = -INFINITY, sum = 0, result = 0;
        for (int stretch = first; stretch <= last; stretch++) {
            const float* part = part_of(parts, int(blockIdx.y), head, heads, stretch, stretches, dim);
            Join both = join(max, part[0], factor);
            max = both.max;
            sum = fmaf(sum, both.first, part[1] * both.second);
            result = fmaf(result, both.first, part[2 + d] * both.second);
        }
        out[(sequence.row * heads + head) * dim + d] = result * (1.0f / sum);
    }
}

// Writes keys and values (N, G D), rounded, where the table's sequences have them, zeros from D on up to columns. Block: one row of
// sequence blockIdx.y, head blockIdx.z.
KERNEL(append_bf16, const float* k, const float* v, const long long* table, int layer, int dim, int columns) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.y));
    if (blockIdx.x >= sequence.rows) {
        return;
    }
    int head = int(blockIdx.z);
    int position = int(sequence.position + blockIdx.x);
    long long from = ((sequence.row + blockIdx.x) * gridDim.z + head) * dim;
    append(rows_from(head_of<bf16>(sequence.keys, sequence, layer, head), sequence, position, columns),
           rows_from(head_of<bf16>(sequence.values, sequence, layer, head), sequence, position, columns), k + from, v + from, columns, dim);
}

// A sequence's rows of keys and values (G, length, columns), one behind the other, for attention_tile. Block: one position; grid:
// positions, 1, heads.
KERNEL(gather_bf16, bf16* keys, bf16* values, const long long* table, int layer, int columns) {
    const Sequence& sequence = sequence_of(table, 0);
    int position = int(blockIdx.x), head = int(blockIdx.z);
    long long to = (static_cast<long long>(head) * gridDim.x + position) * columns;
    const bf16* key = rows_from(head_of<bf16>(sequence.keys, sequence, layer, head), sequence, position, columns);
    const bf16* value = rows_from(head_of<bf16>(sequence.values, sequence, layer, head), sequence, position, columns);
    for (int c = 8 * int(threadIdx.x); c < columns; c += 8 * int(blockDim.x)) {
        *reinterpret_cast<uint4*>(keys + to + c) = *reinterpret_cast<const uint4*>(key + c);
        *reinterpret_cast<uint4*>(values + to + c) = *reinterpret_cast<const uint4*>(value + c);
    }
}
