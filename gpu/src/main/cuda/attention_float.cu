// Attention in float32 (attention.cuh): a sequence's prompt, its next token or a whole sequence, in the same bits. A warp has four
// packed rows; 32 keys at a time lie in shared memory. Scores: a lane a key; values: a lane some columns. All sums are chains of
// fused multiply-adds, over columns and over keys in ascending order.
#include "attention.cuh"

namespace {

constexpr int keys_at_once = 32;
constexpr int rows_of_warp = 4;
constexpr int warps = 4;
constexpr int rows_of_block = warps * rows_of_warp;

// Copies rows of D floats into rows of stride, with zeros beyond D up to padded and beyond the last row.
DEVICE void load_rows(float* to, int stride, int padded, const float* from, long long from_stride, int rows, int count, int dim) {
    for (int i = int(threadIdx.x); i < rows * padded; i += int(blockDim.x)) {
        int row = i / padded, d = i % padded;
        to[row * stride + d] = row < count && d < dim ? from[row * from_stride + d] : 0;
    }
}

// Columns: of a lane, 32 apart.
template <int Columns>
DEVICE void attend(float* out, float* log_sums, const float* q, const long long* table, int layer, int group, int dim, int window,
                   float scale) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.z));
    int head = int(blockIdx.y), packed_rows = int(sequence.rows) * group;
    int first_row = int(gridDim.x - 1 - blockIdx.x) * rows_of_block;  // long rows first
    if (first_row >= packed_rows) {
        return;
    }
    int padded = (dim + 3) / 4 * 4, stride = padded + 4;
    DYNAMIC_SHARED(float, memory);
    float* keys = memory;
    float* values = keys + keys_at_once * stride;
    float* queries = values + keys_at_once * padded;
    for (int i = int(threadIdx.x); i < rows_of_block * padded; i += int(blockDim.x)) {
        int row = first_row + i / padded, d = i % padded;
        queries[i] = row < packed_rows && d < dim ? q[offset_of(sequence, row, group, head, dim, int(gridDim.y)) + d] : 0;
    }
    const float* all_keys = head_of<float>(sequence.keys, sequence, layer, head);
    const float* all_values = head_of<float>(sequence.values, sequence, layer, head);
    int start = int(sequence.position), lane = lane_id();
    int own_row = first_row + warp_id() * rows_of_warp;
    int position[rows_of_warp];
    float max[rows_of_warp], sum[rows_of_warp], result[rows_of_warp][Columns];
    UNROLL
    for (int r = 0; r < rows_of_warp; r++) {
        position[r] = own_row + r < packed_rows ? start + (own_row + r) / group : -1;
        max[r] = -INFINITY;
        sum[r] = 0;
        UNROLL
        for (int i = 0; i < Columns; i++) {
            result[r][i] = 0;
        }
    }
    int last_row = first_row + rows_of_block < packed_rows ? first_row + rows_of_block - 1 : packed_rows - 1;
    int end = start + last_row / group + 1;
    int first_key = first_seen(start + first_row / group, window) / keys_at_once * keys_at_once;
    for (int key = first_key; key < end; key += keys_at_once) {
        sync_block();
        int count = end - key < keys_at_once ? end - key : keys_at_once;
        long long apart = sequence.position_stride;
        load_rows(keys, stride, padded, rows_from(all_keys, sequence, key, apart), apart, keys_at_once, count, dim);
        load_rows(values, padded, padded, rows_from(all_values, sequence, key, apart), apart, keys_at_once, count, dim);
        sync_block();
        float p[rows_of_warp] = {};
        for (int d = 0; d < padded; d += 4) {
            float4 k = *reinterpret_cast<const float4*>(keys + lane * stride + d);
            UNROLL
            for (int r = 0; r < rows_of_warp; r++) {
                float4 x = *reinterpret_cast<const float4*>(queries + (warp_id() * rows_of_warp + r) * padded + d);
                p[r] = fmaf(x.w, k.w, fmaf(x.z, k.z, fmaf(x.y, k.y, fmaf(x.x, k.x, p[r]))));
            }
        }
        UNROLL
        for (int r = 0; r < rows_of_warp; r++) {
            float score = sees(position[r], window, key + lane) ? p[r] * scale : -INFINITY;
            float largest = fmaxf(max[r], warp_max(score));
            float base = largest == -INFINITY ? 0 : largest;
            float kept = expf(max[r] - base);
            p[r] = expf(score - base);
            max[r] = largest;
            sum[r] = fmaf(sum[r], kept, warp_sum(p[r]));
            UNROLL
            for (int i = 0; i < Columns; i++) {
                result[r][i] *= kept;
            }
        }
        for (int j = 0; j < keys_at_once; j++) {
            UNROLL
            for (int r = 0; r < rows_of_warp; r++) {
                float share = shuffle(p[r], j);
                UNROLL
                for (int i = 0; i < Columns; i++) {
                    int d = lane + 32 * i;
                    result[r][i] = fmaf(share, d < padded ? values[j * padded + d] : 0, result[r][i]);
                }
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows_of_warp; r++) {
        if (own_row + r < packed_rows) {
            long long to = offset_of(sequence, own_row + r, group, head, dim, int(gridDim.y));
            UNROLL
            for (int i = 0; i < Columns; i++) {
                if (lane + 32 * i < dim) {
                    out[to + lane + 32 * i] = result[r][i] / sum[r];
                }
            }
            if (log_sums != nullptr && lane == 0) {
                log_sums[to / dim] = max[r] + logf(sum[r]);
            }
        }
    }
}

}  // namespace

// log_sums (N,H), unless null: max + ln(sum of e^(s - max)) of each row's scores s.
BOUNDED_KERNEL(128, 2, attention_float_64, float* out, float* log_sums, const float* q, const long long* table, int layer, int group,
               int dim, int window, float scale) {
    attend<2>(out, log_sums, q, table, layer, group, dim, window, scale);
}
BOUNDED_KERNEL(128, 2, attention_float_128, float* out, float* log_sums, const float* q, const long long* table, int layer,
               int group, int dim, int window, float scale) {
    attend<4>(out, log_sums, q, table, layer, group, dim, window, scale);
}
BOUNDED_KERNEL(128, 2, attention_float_256, float* out, float* log_sums, const float* q, const long long* table, int layer,
               int group, int dim, int window, float scale) {
    attend<8>(out, log_sums, q, table, layer, group, dim, window, scale);
}

// Writes float32 keys and values (N, G D) where the table's sequences have them. Block: one row of sequence blockIdx.y.
KERNEL(append_float, const float* k, const float* v, const long long* table, int layer, int kv_heads, int dim) {
    const Sequence& sequence = sequence_of(table, int(blockIdx.y));
    if (blockIdx.x >= sequence.rows) {
        return;
    }
    long long from = (sequence.row + blockIdx.x) * kv_heads * dim;
    int position = int(sequence.position + blockIdx.x);
    for (int i = int(threadIdx.x); i < kv_heads * dim; i += int(blockDim.x)) {
        const float* keys = head_of<float>(sequence.keys, sequence, layer, i / dim);
        const float* values = head_of<float>(sequence.values, sequence, layer, i / dim);
        const_cast<float*>(rows_from(keys, sequence, position, sequence.position_stride))[i % dim] = k[from + i];
        const_cast<float*>(rows_from(values, sequence, position, sequence.position_stride))[i % dim] = v[from + i];
    }
}
