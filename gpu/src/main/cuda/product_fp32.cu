// c (m,n) = or += scale * a (m,k) * b (k,n) in float32, each sum one chain of fused multiply-adds up in k. Operands may lie
// either way: a step along a row or a column is any number of values. A block makes 64 x 64 of c, a thread 4 x 4.
#include "livegraft.cuh"

namespace {
constexpr int side = 64, depth = 16, padded = side + 4;
}

// 16 x 64 values of an operand, outer index fastest; the threads of a warp read along memory.
DEVICE void load(float* tile, const float* source, int outer, int count, int outer_step, int first, int deep, int inner_step) {
    UNROLL for (int i = 0; i < 4; i++) {
        int n = int(threadIdx.x) + 256 * i;
        int k = inner_step == 1 ? n % depth : n / side, o = inner_step == 1 ? n / depth : n % side;
        bool inside = outer + o < count && first + k < deep;
        long long place = static_cast<long long>(outer + o) * outer_step + static_cast<long long>(first + k) * inner_step;
        tile[k * padded + o] = inside ? source[place] : 0.0f;
    }
}

KERNEL(product_fp32, const float* a, int a_row, int a_column, const float* b, int b_row, int b_column, float* c, int m, int n, int k,
       float scale, int accumulate) {
    SHARED(float, left, depth * padded);
    SHARED(float, right, depth * padded);
    int row = int(blockIdx.y) * side, column = int(blockIdx.x) * side;
    int y = int(threadIdx.x) / 16 * 4, x = int(threadIdx.x) % 16 * 4;
    float sums[4][4] = {};
    for (int first = 0; first < k; first += depth) {
        load(left, a, row, m, a_row, first, k, a_column);
        load(right, b, column, n, b_column, first, k, b_row);
        sync_block();
        int deep = k - first < depth ? k - first : depth;
        for (int inner = 0; inner < deep; inner++) {
            float4 l = *reinterpret_cast<const float4*>(left + inner * padded + y);
            float4 r = *reinterpret_cast<const float4*>(right + inner * padded + x);
            float ls[4] = {l.x, l.y, l.z, l.w}, rs[4] = {r.x, r.y, r.z, r.w};
            UNROLL for (int i = 0; i < 4; i++) {
                UNROLL for (int j = 0; j < 4; j++) {
                    sums[i][j] = fmaf(ls[i], rs[j], sums[i][j]);
                }
            }
        }
        sync_block();
    }
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int j = 0; j < 4; j++) {
            if (row + y + i < m && column + x + j < n) {
                float* target = c + static_cast<long long>(row + y + i) * n + column + x + j;
                *target = accumulate ? fmaf(scale, sums[i][j], *target) : scale * sums[i][j];
            }
        }
    }
}
