// Cross-entropy over logits (N,V), a block a row: one pass for the maximum and the sum of exponentials together (Milakov and
// Gimelshein, arXiv 1805.02867, algorithm 3), one that turns the logits into their own gradient. Sums in double precision over
// pieces of four.
//
//   nll[n] = ln(sum over v of e^(x[n,v] - max)) + max - x[n,t]      x[n,v] = scale (softmax(x[n])[v] - [v = t])
#include "row.cuh"

struct Exponentials {
    float max;
    double sum;
};

DEVICE float max_of(float4 a) { return fmaxf(fmaxf(a.x, a.y), fmaxf(a.z, a.w)); }

// Of the row by the whole block; every thread gets both.
DEVICE Exponentials exponentials(const float* row, int columns, bool four) {
    constexpr int pieces = 4;
    float max = -INFINITY;
    double sum = 0;
    int step = 4 * int(blockDim.x);
    for (int first = 4 * int(threadIdx.x); first < columns; first += pieces * step) {
        float4 x[pieces];
        float largest = max;
        UNROLL
        for (int i = 0; i < pieces; i++) {
            int c = first + i * step;
            x[i] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
            if (c < columns) {
                x[i] = load_four(row, c, columns, four);
                if (c + 4 > columns) {
                    if (c + 1 >= columns) x[i].y = -INFINITY;
                    if (c + 2 >= columns) x[i].z = -INFINITY;
                    x[i].w = -INFINITY;
                }
            }
            largest = fmaxf(largest, max_of(x[i]));
        }
        if (largest > max) {
            sum *= double(expf(max - largest));
            max = largest;
        }
        UNROLL
        for (int i = 0; i < pieces; i++) {
            sum += double((expf(x[i].x - max) + expf(x[i].y - max)) + (expf(x[i].z - max) + expf(x[i].w - max)));
        }
    }
    float largest = block_max(max);
    return {largest, block_sum(sum == 0 ? 0 : sum * double(expf(max - largest)))};
}

KERNEL(cross_entropy, float* logits, double* nll, const int* targets, int columns, float scale) {
    float* row = logits + static_cast<long long>(blockIdx.x) * columns;
    bool four = columns % 4 == 0 && aligned(row);
    int target = targets[blockIdx.x];
    int step = 4 * int(blockDim.x);
    if (target < 0) {
        for (int c = 4 * int(threadIdx.x); c < columns; c += step) {
            store_four(row, c, columns, four, {0, 0, 0, 0});
        }
        if (threadIdx.x == 0) {
            nll[blockIdx.x] = 0;
        }
        return;
    }
    double chosen = threadIdx.x == 0 ? double(row[target]) : 0;
    Exponentials e = exponentials(row, columns, four);
    SHARED(float, factor, 1);
    if (threadIdx.x == 0) {
        nll[blockIdx.x] = log(e.sum) - (chosen - double(e.max));
        factor[0] = float(double(scale) / e.sum);
    }
    sync_block();
    float f = factor[0];
    for (int c = 4 * int(threadIdx.x); c < columns; c += step) {
        float4 x = load_four(row, c, columns, four);
        float4 d = {expf(x.x - e.max) * f, expf(x.y - e.max) * f, expf(x.z - e.max) * f, expf(x.w - e.max) * f};
        if (target == c) d.x -= scale;
        if (target == c + 1) d.y -= scale;
        if (target == c + 2) d.z -= scale;
        if (target == c + 3) d.w -= scale;
        store_four(row, c, columns, four, d);
    }
}

// max + ln(sum over v of e^(x[n,v] - max))
KERNEL(log_sum_exp, double* sums, const float* logits, int columns) {
    const float* row = logits + static_cast<long long>(blockIdx.x) * columns;
    Exponentials e = exponentials(row, columns, columns % 4 == 0 && aligned(row));
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = double(e.max) + log(e.sum);
    }
}

// The largest logit's id, the lowest of equal ones: greedy decoding.
KERNEL(largest_logit, int* ids, float* values, const float* logits, int columns) {
    const float* row = logits + static_cast<long long>(blockIdx.x) * columns;
    Largest largest = block_largest(row, columns);
    if (threadIdx.x == 0) {
        ids[blockIdx.x] = largest.id;
        values[blockIdx.x] = row[largest.id];
    }
}
