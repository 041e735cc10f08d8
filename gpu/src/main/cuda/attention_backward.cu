// Backward of attention on tensor cores (attention_bf16.cuh), formulas as attention_float_backward.cu. Keys' and values' gradients have
// a block for 64 keys, which goes over the packed rows that see them; queries' gradients have a block for 64 packed rows, which goes over
// the keys they see. Probabilities are computed in both, so that every sum is one block's, in a fixed order, and nothing is added to
// memory twice. Scores come transposed in the first: as sums they have the shape of the next product's left operand.
#include "attention_bf16.cuh"

namespace {

constexpr int rows_of_block = 64;

// Sums of a left tile's 16 rows with 64 rows of a right one, over D columns.
template <int D>
DEVICE void multiply_rows(float (&sums)[8][4], const bf16* left_tile, int left_row, const bf16* right_tile) {
    UNROLL
    for (int n = 0; n < 8; n++) {
        UNROLL
        for (int i = 0; i < 4; i++) {
            sums[n][i] = 0;
        }
    }
    UNROLL
    for (int k = 0; k < D / 16; k++) {
        unsigned left[4], first[2], second[2];
        load_left<D>(left, left_tile, left_row, k);
        UNROLL
        for (int n = 0; n < 8; n += 2) {
            load_right<D>(first, second, right_tile, 8 * n, k);
            mma_bf16(sums[n], left, first);
            mma_bf16(sums[n + 1], left, second);
        }
    }
}

// results += parts, rounded, (16 rows, 64) . tile (64, D)
template <int D>
DEVICE void add_product(float (&results)[D / 8][4], const float (&parts)[8][4], const bf16* tile) {
    UNROLL
    for (int k = 0; k < 4; k++) {
        unsigned left[4], first[2], second[2];
        left_of_sums(left, parts[2 * k], parts[2 * k + 1]);
        UNROLL
        for (int n = 0; n < D / 8; n += 2) {
            load_right_transposed<D>(first, second, tile, 16 * k, n / 2);
            mma_bf16(results[n], left, first);
            mma_bf16(results[n + 1], left, second);
        }
    }
}

// Rows g and g + 8 of 16 that begin at row, D columns each, times a factor; rows from end on and columns from dim on are not there.
template <int D>
DEVICE void store_rows(float* to, long long stride, int row, int end, const float (&results)[D / 8][4], float factor, int dim) {
    UNROLL
    for (int half = 0; half < 2; half++) {
        int own = row + 8 * half + lane_id() / 4;
        UNROLL
        for (int n = 0; n < D / 8; n++) {
            int column = 8 * n + 2 * (lane_id() & 3);
            if (own < end && column < dim) {
                *reinterpret_cast<float2*>(to + own * stride + column) = {results[n][2 * half] * factor, results[n][2 * half + 1] * factor};
            }
        }
    }
}

// Packed, rounded queries or upstream gradients of a head of a sequence: (G, all rows, D).
DEVICE const bf16* packed_of(const bf16* packed, const Sequence& sequence, int head, int group, int all_rows, int columns) {
    return packed + (static_cast<long long>(head) * all_rows + sequence.row) * group * columns;
}

template <int D>
DEVICE void keys_backward(float* dk, float* dv, const bf16* packed_d_out, const bf16* packed_q, const float* log_sums,
                          const float* projections, const long long* table, int all_rows, int group, int dim, int window,
                          float factor, float scale) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int head = int(blockIdx.y), kv_heads = int(gridDim.y), positions = int(sequence.rows), packed_rows = positions * group;
    int first_key = int(blockIdx.x) * keys_of_block;
    if (first_key >= positions) {
        return;
    }
    DYNAMIC_SHARED(bf16, memory);
    bf16* keys = memory;
    bf16* values = keys + keys_of_block * D;
    bf16* upstream = values + keys_of_block * D;
    bf16* queries = upstream + rows_of_block * D;  // twice
    SHARED(float, row_log_sum, rows_of_block);
    SHARED(float, row_projection, rows_of_block);
    SHARED(int, row_position, rows_of_block);
    const bf16* all_queries = packed_of(packed_q, sequence, head, group, all_rows, D);
    const bf16* all_upstream = packed_of(packed_d_out, sequence, head, group, all_rows, D);
    int last_key = first_key + keys_of_block - 1;
    int end = last_key < positions - window ? (last_key + window) * group : packed_rows;
    int row = first_key * group / rows_of_block * rows_of_block;
    copy_tile<D, keys_of_block>(keys, head_of<bf16>(sequence.keys, sequence, 0, head), sequence.position_stride, first_key, positions);
    copy_tile<D, keys_of_block>(values, head_of<bf16>(sequence.values, sequence, 0, head), sequence.position_stride, first_key, positions);
    copy_tile<D, rows_of_block>(queries, all_queries, D, row, packed_rows);
    copy_tile<D, rows_of_block>(upstream, all_upstream, D, row, packed_rows);
    commit_copies();
    int own = 16 * warp_id();
    float d_keys[D / 8][4] = {}, d_values[D / 8][4] = {};
    for (int turn = 0; row < end; row += rows_of_block, turn ^= 1) {
        const bf16* these_queries = queries + turn * rows_of_block * D;
        bool more = row + rows_of_block < end;
        wait_copies<0>();
        if (threadIdx.x < rows_of_block) {
            int i = row + int(threadIdx.x);
            bool there = i < packed_rows;
            long long index = there ? offset_of(sequence, i, group, head, 1, kv_heads) : 0;
            row_position[threadIdx.x] = there ? i / group : -1;
            row_log_sum[threadIdx.x] = there ? log_sums[index] : 0;
            row_projection[threadIdx.x] = there ? projections[index] : 0;
        }
        sync_block();
        if (more) {
            copy_tile<D, rows_of_block>(queries + (turn ^ 1) * rows_of_block * D, all_queries, D, row + rows_of_block, packed_rows);
        }
        commit_copies();
        float p[8][4], slopes[8][4];  // of keys and rows
        multiply_rows<D>(p, keys, own, these_queries);
        UNROLL
        for (int n = 0; n < 8; n++) {
            UNROLL
            for (int side = 0; side < 2; side++) {
                int column = 8 * n + 2 * (lane_id() & 3) + side;
                int position = row_position[column];
                float log_sum = row_log_sum[column];
                UNROLL
                for (int half = 0; half < 2; half++) {
                    float& score = p[n][2 * half + side];
                    bool seen = sees(position, window, first_key + own + 8 * half + lane_id() / 4);
                    score = seen ? fast_exp2(fmaf(score, factor, -log_sum)) : 0;
                }
            }
        }
        multiply_rows<D>(slopes, values, own, upstream);
        add_product<D>(d_values, p, upstream);
        UNROLL
        for (int n = 0; n < 8; n++) {
            UNROLL
            for (int side = 0; side < 2; side++) {
                float projection = row_projection[8 * n + 2 * (lane_id() & 3) + side];
                slopes[n][side] = p[n][side] * (slopes[n][side] - projection);
                slopes[n][2 + side] = p[n][2 + side] * (slopes[n][2 + side] - projection);
            }
        }
        sync_block();
        if (more) {
            copy_tile<D, rows_of_block>(upstream, all_upstream, D, row + rows_of_block, packed_rows);
        }
        commit_copies();
        add_product<D>(d_keys, slopes, these_queries);
    }
    long long stride = static_cast<long long>(kv_heads) * dim;
    long long to = sequence.row * stride + head * dim;
    store_rows<D>(dk + to, stride, first_key + own, positions, d_keys, scale, dim);
    store_rows<D>(dv + to, stride, first_key + own, positions, d_values, 1, dim);
}

template <int D>
DEVICE void queries_backward(float* dq, const bf16* packed_d_out, const bf16* packed_q, const float* log_sums,
                             const float* projections, const long long* table, int all_rows, int group, int dim, int window,
                             float factor, float scale) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int head = int(blockIdx.y), kv_heads = int(gridDim.y), packed_rows = int(sequence.rows) * group;
    int first_row = int(gridDim.x - 1 - blockIdx.x) * rows_of_block;
    if (first_row >= packed_rows) {
        return;
    }
    DYNAMIC_SHARED(bf16, memory);
    bf16* queries = memory;
    bf16* upstream = queries + rows_of_block * D;
    bf16* values = upstream + rows_of_block * D;
    bf16* keys = values + keys_of_block * D;  // twice
    int last_row = (first_row + rows_of_block < packed_rows ? first_row + rows_of_block : packed_rows) - 1;
    int lowest = first_row / group, highest = last_row / group, end = highest + 1;
    int key = first_seen(lowest, window) / keys_of_block * keys_of_block;
    const bf16* all_keys = head_of<bf16>(sequence.keys, sequence, 0, head);
    const bf16* all_values = head_of<bf16>(sequence.values, sequence, 0, head);
    copy_tile<D, rows_of_block>(queries, packed_of(packed_q, sequence, head, group, all_rows, D), D, first_row, packed_rows);
    copy_tile<D, rows_of_block>(upstream, packed_of(packed_d_out, sequence, head, group, all_rows, D), D, first_row, packed_rows);
    copy_tile<D, keys_of_block>(keys, all_keys, sequence.position_stride, key, end);
    copy_tile<D, keys_of_block>(values, all_values, sequence.position_stride, key, end);
    commit_copies();
    int own = 16 * warp_id();
    int position[2];
    float log_sum[2], projection[2], d_queries[D / 8][4] = {};
    UNROLL
    for (int half = 0; half < 2; half++) {
        int i = first_row + own + 8 * half + lane_id() / 4;
        bool there = i < packed_rows;
        long long index = there ? offset_of(sequence, i, group, head, 1, kv_heads) : 0;
        position[half] = there ? i / group : -1;
        log_sum[half] = there ? log_sums[index] : 0;
        projection[half] = there ? projections[index] : 0;
    }
    for (int turn = 0; key < end; key += keys_of_block, turn ^= 1) {
        const bf16* these_keys = keys + turn * keys_of_block * D;
        bool more = key + keys_of_block < end;
        wait_copies<0>();
        sync_block();
        if (more) {
            copy_tile<D, keys_of_block>(keys + (turn ^ 1) * keys_of_block * D, all_keys, sequence.position_stride, key + keys_of_block, end);
        }
        commit_copies();
        float slopes[8][4], p[8][4];
        multiply_rows<D>(slopes, upstream, own, values);
        sync_block();
        if (more) {
            copy_tile<D, keys_of_block>(values, all_values, sequence.position_stride, key + keys_of_block, end);
        }
        commit_copies();
        multiply_rows<D>(p, queries, own, these_keys);
        UNROLL
        for (int n = 0; n < 8; n++) {
            UNROLL
            for (int i = 0; i < 4; i++) {
                int half = i / 2;
                bool seen = sees(position[half], window, key + 8 * n + 2 * (lane_id() & 3) + i % 2);
                float share = seen ? fast_exp2(fmaf(p[n][i], factor, -log_sum[half])) : 0;
                slopes[n][i] = share * (slopes[n][i] - projection[half]);
            }
        }
        add_product<D>(d_queries, slopes, these_keys);
    }
    UNROLL
    for (int half = 0; half < 2; half++) {
        int i = first_row + own + 8 * half + lane_id() / 4;
        if (i < packed_rows) {
            float* to = dq + offset_of(sequence, i, group, head, dim, kv_heads);
            UNROLL
            for (int n = 0; n < D / 8; n++) {
                int column = 8 * n + 2 * (lane_id() & 3);
                if (column < dim) {
                    *reinterpret_cast<float2*>(to + column) = {d_queries[n][2 * half] * scale, d_queries[n][2 * half + 1] * scale};
                }
            }
        }
    }
}

}  // namespace

#define KEYS_BACKWARD(D)                                                                                                            \
    BOUNDED_KERNEL(128, 2, attention_backward_keys_##D, float* dk, float* dv, const bf16* d_out, const bf16* q,                    \
                   const float* log_sums, const float* projections, const long long* table, int all_rows, int group, int dim,      \
                   int window, float factor, float scale) {                                                                        \
        keys_backward<D>(dk, dv, d_out, q, log_sums, projections, table, all_rows, group, dim, window, factor, scale);             \
    }
#define QUERIES_BACKWARD(D)                                                                                                         \
    BOUNDED_KERNEL(128, 2, attention_backward_queries_##D, float* dq, const bf16* d_out, const bf16* q, const float* log_sums,     \
                   const float* projections, const long long* table, int all_rows, int group, int dim, int window, float factor,   \
                   float scale) {                                                                                                   \
        queries_backward<D>(dq, d_out, q, log_sums, projections, table, all_rows, group, dim, window, factor, scale);              \
    }

KEYS_BACKWARD(64)
KEYS_BACKWARD(128)
QUERIES_BACKWARD(64)
QUERIES_BACKWARD(128)

// Rounds rows (N, H D) into packed (G, N group, padded), zeros from D on. Block: row blockIdx.x.
KERNEL(pack_rows, bf16* packed, const float* rows, int group, int kv_heads, int dim, int padded) {
    const float* row = rows + static_cast<long long>(blockIdx.x) * group * kv_heads * dim;
    bool whole = dim % 4 == 0 && aligned(rows);
    for (int i = int(threadIdx.x); i < group * kv_heads * padded / 4; i += int(blockDim.x)) {
        int head = i * 4 / padded, d = i * 4 % padded;
        float4 a = load_four(row + static_cast<long long>(head) * dim, d, dim, whole && d < dim);
        long long to = ((static_cast<long long>(head / group) * gridDim.x + blockIdx.x) * group + head % group) * padded + d;
        *reinterpret_cast<uint2*>(packed + to) = {pack_bf16(a.x, a.y), pack_bf16(a.z, a.w)};
    }
}
