// Gradients of low-rank pairs over many rows: sums over rows in slabs of 256 from a part's own first row on, each slab one
// chain of fused multiply-adds up in t, slabs added in their order. So neither other parts nor the grid show in a bit.
#include "livegraft.cuh"

namespace {
constexpr int slab = 256, ranks = 16, rows_at_once = 32;
}

template <typename T>
DEVICE T* pointer(long long word) {
    return reinterpret_cast<T*>(word);
}

// target (rows, stride) = bf16( scale * source ), zeros from column columns on; a source may lie either way: a step along a row
// or a column is any number of values. A job is 8 words.
KERNEL(narrow_to_bf16, const long long* table) {
    const long long* job = table + blockIdx.z * 8;
    int columns = int(job[3]), stride = int(job[4]);
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < job[2] * stride) {
        long long row = i / stride;
        int column = int(i % stride);
        float value = column < columns ? float_of_bits(unsigned(job[7])) * pointer<const float>(job[0])[row * job[5] + column * job[6]] : 0.0f;
        pointer<bf16>(job[1])[i] = to_bf16(value);
    }
}

// partials (slab, r, n) = sum over the slab's t of s (t, r) * y (t, n); a job is 6 words
BOUNDED_KERNEL(128, 4, gradient_partials, const long long* table) {
    SHARED(float, narrow, rows_at_once * ranks);
    const long long* job = table + blockIdx.z * 6;
    const float* s = pointer<const float>(job[0]);
    const float* y = pointer<const float>(job[1]);
    int count = int(job[3]), rank = int(job[4]), wide = int(job[5]);
    int groups = (rank + ranks - 1) / ranks;
    int first_rank = int(blockIdx.x) % groups * ranks;
    int column = int(blockIdx.x) / groups * 256 + int(threadIdx.x);
    int begin = int(blockIdx.y) * slab, end = begin + slab < count ? begin + slab : count;
    if (begin >= count || int(blockIdx.x) / groups * 256 >= wide) {
        return;
    }
    bool has[2] = {column < wide, column + 128 < wide};
    float sums[2][ranks] = {};
    for (int t = begin; t < end; t += rows_at_once) {
        sync_block();
        for (int i = int(threadIdx.x); i < rows_at_once * ranks; i += 128) {
            int row = t + i / ranks, r = first_rank + i % ranks;
            narrow[i] = row < end && r < rank ? s[static_cast<long long>(row) * rank + r] : 0.0f;
        }
        sync_block();
        for (int u = 0; u < rows_at_once; u += 4) {
            float values[4][2];
            UNROLL for (int v = 0; v < 4; v++) {
                UNROLL for (int side = 0; side < 2; side++) {
                    bool inside = t + u + v < end && has[side];
                    values[v][side] = inside ? y[static_cast<long long>(t + u + v) * wide + column + 128 * side] : 0.0f;
                }
            }
            UNROLL for (int v = 0; v < 4; v++) {
                UNROLL for (int r = 0; r < ranks; r++) {
                    float factor = narrow[(u + v) * ranks + r];
                    sums[0][r] = fmaf(factor, values[v][0], sums[0][r]);
                    sums[1][r] = fmaf(factor, values[v][1], sums[1][r]);
                }
            }
        }
    }
    float* partials = pointer<float>(job[2]) + static_cast<long long>(blockIdx.y) * rank * wide;
    UNROLL for (int r = 0; r < ranks; r++) {
        UNROLL for (int side = 0; side < 2; side++) {
            if (has[side] && first_rank + r < rank) {
                partials[static_cast<long long>(first_rank + r) * wide + column + 128 * side] = sums[side][r];
            }
        }
    }
}

// gradient (r, n), or (n, r) where transposed, += scale * (the sum of a part's partials), part after part; a job is 8 words,
// of which the last one says where in the table its parts' numbers of slabs are
KERNEL(gradient_sum, const long long* table) {
    const long long* job = table + blockIdx.z * 8;
    int rank = int(job[2]), wide = int(job[3]), parts = int(job[6]);
    const long long* slabs = table + job[7];
    float scale = float_of_bits(unsigned(job[5]));
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x, size = static_cast<long long>(rank) * wide;
    if (i >= size) {
        return;
    }
    const float* partial = pointer<const float>(job[1]) + i;
    float* gradient = pointer<float>(job[0]) + (job[4] != 0 ? i % wide * rank + i / wide : i);
    float value = *gradient;
    for (int part = 0; part < parts; part++) {
        float sum = 0.0f;
        for (long long k = 0; k < slabs[part]; k++, partial += size) {
            sum += *partial;
        }
        value = fmaf(scale, sum, value);
    }
    *gradient = value;
}
