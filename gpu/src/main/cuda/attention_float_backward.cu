// Backward of attention in float32 (attention.cuh): probabilities are computed again from the logarithms of their sums.
//
//   p[i,j] = e^(s[i,j] - logSum[i])      dp[i,j] = dOut[i] . v[j]      ds[i,j] = p[i,j] (dp[i,j] - sum over k of p[i,k] dp[i,k])
//   dq[i] = sum over j of ds[i,j] k[j] / sqrt(D)      dk[j] = sum over i of ds[i,j] q[i] / sqrt(D)      dv[j] = sum over i of p[i,j] dOut[i]
//
// The inner sum is dOut[i] . out[i]. Queries' gradients have a warp for four packed rows, keys' and values' one for four keys, and
// 32 of the others at a time lie in shared memory; all sums are chains in ascending order.
#include "attention.cuh"

namespace {

constexpr int at_once = 32;
constexpr int of_warp = 4;
constexpr int of_block = 4 * of_warp;

DEVICE void load_rows(float* to, int stride, const float* from, long long from_stride, int rows, int count, int dim, int padded) {
    for (int i = int(threadIdx.x); i < rows * padded; i += int(blockDim.x)) {
        int row = i / padded, d = i % padded;
        to[row * stride + d] = row < count && d < dim ? from[row * from_stride + d] : 0;
    }
}

// Packed rows, first to first + rows.
DEVICE void load_packed(float* to, int stride, const float* from, const Sequence& sequence, int first, int rows, int end, int group,
                        int head, int dim, int padded) {
    for (int i = int(threadIdx.x); i < rows * padded; i += int(blockDim.x)) {
        int row = i / padded, d = i % padded;
        bool there = first + row < end && d < dim;
        to[row * stride + d] = there ? from[offset_of(sequence, first + row, group, head, dim, int(gridDim.y)) + d] : 0;
    }
}

// Four rows of one matrix with the lane's row of another.
DEVICE void dot(float (&sums)[of_warp], const float* rows, int padded, const float* own) {
    for (int d = 0; d < padded; d += 4) {
        float4 y = *reinterpret_cast<const float4*>(own + d);
        UNROLL
        for (int r = 0; r < of_warp; r++) {
            float4 x = *reinterpret_cast<const float4*>(rows + r * padded + d);
            sums[r] = fmaf(x.w, y.w, fmaf(x.z, y.z, fmaf(x.y, y.y, fmaf(x.x, y.x, sums[r]))));
        }
    }
}

template <int Columns>
DEVICE void queries_backward(float* dq, const float* d_out, const float* q, const float* log_sums, const float* projections,
                             const long long* table, int group, int dim, int window, float scale) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int head = int(blockIdx.y), packed_rows = int(sequence.rows) * group;
    int first_row = int(gridDim.x - 1 - blockIdx.x) * of_block;
    if (first_row >= packed_rows) {
        return;
    }
    int padded = (dim + 3) / 4 * 4, stride = padded + 4;
    DYNAMIC_SHARED(float, memory);
    float* keys = memory;
    float* values = keys + at_once * stride;
    float* queries = values + at_once * stride;
    float* upstream = queries + of_block * padded;
    load_packed(queries, padded, q, sequence, first_row, of_block, packed_rows, group, head, dim, padded);
    load_packed(upstream, padded, d_out, sequence, first_row, of_block, packed_rows, group, head, dim, padded);
    const float* all_keys = head_of<float>(sequence.keys, sequence, 0, head);
    const float* all_values = head_of<float>(sequence.values, sequence, 0, head);
    int lane = lane_id(), own = warp_id() * of_warp;
    int position[of_warp];
    float log_sum[of_warp], projection[of_warp], result[of_warp][Columns] = {};
    UNROLL
    for (int r = 0; r < of_warp; r++) {
        int row = first_row + own + r;
        bool there = row < packed_rows;
        long long i = there ? offset_of(sequence, row, group, head, 1, int(gridDim.y)) : 0;
        position[r] = there ? row / group : -1;
        log_sum[r] = there ? log_sums[i] : 0;
        projection[r] = there ? projections[i] : 0;
    }
    int last_row = (first_row + of_block < packed_rows ? first_row + of_block : packed_rows) - 1;
    int end = last_row / group + 1;
    for (int key = first_seen(first_row / group, window) / at_once * at_once; key < end; key += at_once) {
        sync_block();
        int count = end - key < at_once ? end - key : at_once;
        long long from = key * sequence.position_stride;
        load_rows(keys, stride, all_keys + from, sequence.position_stride, at_once, count, dim, padded);
        load_rows(values, stride, all_values + from, sequence.position_stride, at_once, count, dim, padded);
        sync_block();
        float p[of_warp] = {}, dp[of_warp] = {};
        dot(p, queries + own * padded, padded, keys + lane * stride);
        dot(dp, upstream + own * padded, padded, values + lane * stride);
        UNROLL
        for (int r = 0; r < of_warp; r++) {
            bool seen = sees(position[r], window, key + lane);
            p[r] = seen ? expf(p[r] * scale - log_sum[r]) * (dp[r] - projection[r]) : 0;
        }
        for (int j = 0; j < at_once; j++) {
            UNROLL
            for (int r = 0; r < of_warp; r++) {
                float slope = shuffle(p[r], j);
                UNROLL
                for (int i = 0; i < Columns; i++) {
                    int d = lane + 32 * i;
                    result[r][i] = fmaf(slope, d < padded ? keys[j * stride + d] : 0, result[r][i]);
                }
            }
        }
    }
    UNROLL
    for (int r = 0; r < of_warp; r++) {
        int row = first_row + own + r;
        UNROLL
        for (int i = 0; i < Columns; i++) {
            if (row < packed_rows && lane + 32 * i < dim) {
                dq[offset_of(sequence, row, group, head, dim, int(gridDim.y)) + lane + 32 * i] = result[r][i] * scale;
            }
        }
    }
}

template <int Columns>
DEVICE void keys_backward(float* dk, float* dv, const float* d_out, const float* q, const float* log_sums, const float* projections,
                          const long long* table, int group, int dim, int window, float scale) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int head = int(blockIdx.y), kv_heads = int(gridDim.y), positions = int(sequence.rows), packed_rows = positions * group;
    int first_key = int(blockIdx.x) * of_block;
    if (first_key >= positions) {
        return;
    }
    int padded = (dim + 3) / 4 * 4, stride = padded + 4;
    DYNAMIC_SHARED(float, memory);
    float* queries = memory;
    float* upstream = queries + at_once * stride;
    float* keys = upstream + at_once * stride;
    float* values = keys + of_block * padded;
    long long from = first_key * sequence.position_stride;
    int count = positions - first_key;
    load_rows(keys, padded, head_of<float>(sequence.keys, sequence, 0, head) + from, sequence.position_stride, of_block, count, dim,
              padded);
    load_rows(values, padded, head_of<float>(sequence.values, sequence, 0, head) + from, sequence.position_stride, of_block, count,
              dim, padded);
    int lane = lane_id(), own = warp_id() * of_warp;
    float d_keys[of_warp][Columns] = {}, d_values[of_warp][Columns] = {};
    int last = first_key + of_block - 1;
    int end = last < positions - window ? (last + window) * group : packed_rows;
    for (int first_row = first_key * group / at_once * at_once; first_row < end; first_row += at_once) {
        sync_block();
        load_packed(queries, stride, q, sequence, first_row, at_once, packed_rows, group, head, dim, padded);
        load_packed(upstream, stride, d_out, sequence, first_row, at_once, packed_rows, group, head, dim, padded);
        sync_block();
        int row = first_row + lane;
        bool there = row < packed_rows;
        int position = there ? row / group : -1;
        long long index = there ? offset_of(sequence, row, group, head, 1, kv_heads) : 0;
        float log_sum = there ? log_sums[index] : 0, projection = there ? projections[index] : 0;
        float p[of_warp] = {}, dp[of_warp] = {}, ds[of_warp];
        dot(p, keys + own * padded, padded, queries + lane * stride);
        dot(dp, values + own * padded, padded, upstream + lane * stride);
        UNROLL
        for (int r = 0; r < of_warp; r++) {
            p[r] = sees(position, window, first_key + own + r) ? expf(p[r] * scale - log_sum) : 0;
            ds[r] = p[r] * (dp[r] - projection);
        }
        for (int j = 0; j < at_once; j++) {
            UNROLL
            for (int r = 0; r < of_warp; r++) {
                float share = shuffle(p[r], j), slope = shuffle(ds[r], j);
                UNROLL
                for (int i = 0; i < Columns; i++) {
                    int d = lane + 32 * i;
                    d_values[r][i] = fmaf(share, d < padded ? upstream[j * stride + d] : 0, d_values[r][i]);
                    d_keys[r][i] = fmaf(slope, d < padded ? queries[j * stride + d] : 0, d_keys[r][i]);
                }
            }
        }
    }
    UNROLL
    for (int r = 0; r < of_warp; r++) {
        int key = first_key + own + r;
        long long to = ((sequence.row + key) * kv_heads + head) * dim;
        UNROLL
        for (int i = 0; i < Columns; i++) {
            if (key < positions && lane + 32 * i < dim) {
                dk[to + lane + 32 * i] = d_keys[r][i] * scale;
                dv[to + lane + 32 * i] = d_values[r][i];
            }
        }
    }
}

}  // namespace

#define QUERIES_BACKWARD(width, columns)                                                                                            \
    BOUNDED_KERNEL(128, 2, attention_float_backward_queries_##width, float* dq, const float* d_out, const float* q,                \
                   const float* log_sums, const float* projections, const long long* table, int group, int dim, int window,        \
                   float scale) {                                                                                                   \
        queries_backward<columns>(dq, d_out, q, log_sums, projections, table, group, dim, window, scale);                          \
    }
#define KEYS_BACKWARD(width, columns)                                                                                               \
    BOUNDED_KERNEL(128, 2, attention_float_backward_keys_##width, float* dk, float* dv, const float* d_out, const float* q,        \
                   const float* log_sums, const float* projections, const long long* table, int group, int dim, int window,        \
                   float scale) {                                                                                                   \
        keys_backward<columns>(dk, dv, d_out, q, log_sums, projections, table, group, dim, window, scale);                         \
    }

QUERIES_BACKWARD(64, 2)
QUERIES_BACKWARD(128, 4)
QUERIES_BACKWARD(256, 8)
KEYS_BACKWARD(64, 2)
KEYS_BACKWARD(128, 4)
KEYS_BACKWARD(256, 8)

// projections[i] = sum over d of out[i,d] dOut[i,d] in double precision, for every row of D; dOut rounded to bf16 where the other sums
// have it so, or what ought to be small differences would not be. A warp a row.
KERNEL(project, float* projections, const float* out, const float* d_out, int rows, int dim, int rounded) {
    int row = int(blockIdx.x) * int(blockDim.x / 32) + warp_id();
    if (row >= rows) {
        return;
    }
    long long first = static_cast<long long>(row) * dim;
    double sum = 0;
    for (int d = lane_id(); d < dim; d += 32) {
        float up = d_out[first + d];
        sum += double(out[first + d]) * double(rounded != 0 ? to_float(to_bf16(up)) : up);
    }
    for (int distance = 16; distance > 0; distance /= 2) {
        sum += shuffle_xor(sum, distance);
    }
    if (lane_id() == 0) {
        projections[row] = float(sum);
    }
}
