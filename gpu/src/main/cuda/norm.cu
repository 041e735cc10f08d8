// Root-mean-square normalisation (Zhang and Sennrich, arXiv 1910.07467, equation 4). A block a row, which is read from memory
// once and from the first cache the second time; sums of a row in double precision over pieces of four.
//
//   rstd[n] = 1 / sqrt(sum over c of x[n,c]^2 / C + epsilon)      y[n,c] = x[n,c] rstd[n] w[c]
#include "row.cuh"

KERNEL(rms_norm, float* y, float* rstd, const float* x, const float* w, int columns, float epsilon) {
    const float* row = x + static_cast<long long>(blockIdx.x) * columns;
    float* out = y + static_cast<long long>(blockIdx.x) * columns;
    bool four = columns % 4 == 0 && aligned(row, out, w);
    int step = 4 * int(blockDim.x);
    double squares = 0;
    for (int c = 4 * int(threadIdx.x); c < columns; c += step) {
        float4 a = load_four(row, c, columns, four);
        squares += double(fmaf(a.x, a.x, a.y * a.y) + fmaf(a.z, a.z, a.w * a.w));
    }
    squares = block_sum(squares);
    SHARED(float, factor, 1);
    if (threadIdx.x == 0) {
        factor[0] = float(1 / sqrt(squares / columns + double(epsilon)));
        rstd[blockIdx.x] = factor[0];
    }
    sync_block();
    float s = factor[0];
    for (int c = 4 * int(threadIdx.x); c < columns; c += step) {
        float4 a = load_four(row, c, columns, four), b = load_four(w, c, columns, four);
        store_four(out, c, columns, four, {a.x * s * b.x, a.y * s * b.y, a.z * s * b.z, a.w * s * b.w});
    }
}

// dx[n,c] += rstd[n] (w[c] dy[n,c] - xhat[n,c] sum over k of xhat[n,k] w[k] dy[n,k] / C)      xhat = x rstd
KERNEL(rms_norm_backward, float* dx, const float* dy, const float* x, const float* w, const float* rstd, int columns) {
    long long first = static_cast<long long>(blockIdx.x) * columns;
    const float *row = x + first, *up = dy + first;
    float* out = dx + first;
    bool four = columns % 4 == 0 && aligned(row, up, out, w);
    int step = 4 * int(blockDim.x);
    float s = rstd[blockIdx.x];
    double projection = 0;
    for (int c = 4 * int(threadIdx.x); c < columns; c += step) {
        float4 a = load_four(row, c, columns, four), b = load_four(w, c, columns, four), d = load_four(up, c, columns, four);
        projection += double(fmaf(a.x, b.x * d.x, a.y * (b.y * d.y)) + fmaf(a.z, b.z * d.z, a.w * (b.w * d.w)));
    }
    projection = block_sum(projection);
    SHARED(float, mean, 1);
    if (threadIdx.x == 0) {
        mean[0] = float(projection * double(s) / columns);
    }
    sync_block();
    float share = mean[0];
    for (int c = 4 * int(threadIdx.x); c < columns; c += step) {
        float4 a = load_four(row, c, columns, four), b = load_four(w, c, columns, four), d = load_four(up, c, columns, four);
        float4 sum = load_four(out, c, columns, four);
        sum.x += (b.x * d.x - a.x * s * share) * s;
        sum.y += (b.y * d.y - a.y * s * share) * s;
        sum.z += (b.z * d.z - a.z * s * share) * s;
        sum.w += (b.w * d.w - a.w * s * share) * s;
        store_four(out, c, columns, four, sum);
    }
}

// dw[c] += sum over n of x[n,c] rstd[n] dy[n,c], in order of n; a thread a column
KERNEL(rms_norm_weight_backward, float* dw, const float* dy, const float* x, const float* rstd, int rows, int columns) {
    int c = int(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= columns) {
        return;
    }
    float sum = dw[c];
    for (int n = 0; n < rows; n++) {
        long long i = static_cast<long long>(n) * columns + c;
        sum += x[i] * rstd[n] * dy[i];
    }
    dw[c] = sum;
}
