// Element by element; formulas: Backend.add, addBias, swiGlu (Shazeer, arXiv 2002.05202), dropout (Srivastava et al., JMLR 15,
// 2014). Each thread has four elements, 16 bytes of every tensor.
#include "row.cuh"

// y[i] += x[i]
KERNEL(add, float* y, const float* x, long long count) {
    long long i = first_of_four();
    if (i >= count) {
        return;
    }
    bool whole = i + 4 <= count && aligned(y, x);
    float4 a = load_four(y, i, count, whole), b = load_four(x, i, count, whole);
    store_four(y, i, count, whole, {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w});
}

// y[n,c] += bias[c]; row blockIdx.x
KERNEL(add_bias, float* y, const float* bias, int columns) {
    long long c = 4ll * (blockIdx.y * blockDim.x + threadIdx.x);
    if (c >= columns) {
        return;
    }
    float* row = y + static_cast<long long>(blockIdx.x) * columns;
    bool whole = c + 4 <= columns && aligned(row, bias);
    float4 a = load_four(row, c, columns, whole), b = load_four(bias, c, columns, whole);
    store_four(row, c, columns, whole, {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w});
}

// dBias[c] += sum over n of dy[n,c], in order of n; a thread a column
KERNEL(add_bias_backward, float* d_bias, const float* dy, int rows, int columns) {
    int c = int(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= columns) {
        return;
    }
    float sum = d_bias[c];
    for (int n = 0; n < rows; n++) {
        sum += dy[static_cast<long long>(n) * columns + c];
    }
    d_bias[c] = sum;
}

DEVICE float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// y = silu(gate) up, silu(g) = g sigmoid(g)
KERNEL(swiglu, float* y, const float* gate, const float* up, long long count) {
    long long i = first_of_four();
    if (i >= count) {
        return;
    }
    bool whole = i + 4 <= count && aligned(y, gate, up);
    float4 g = load_four(gate, i, count, whole), u = load_four(up, i, count, whole);
    store_four(y, i, count, whole,
               {g.x * sigmoid(g.x) * u.x, g.y * sigmoid(g.y) * u.y, g.z * sigmoid(g.z) * u.z, g.w * sigmoid(g.w) * u.w});
}

DEVICE void swiglu_slopes(float& d_gate, float& d_up, float dy, float gate, float up) {
    float s = sigmoid(gate);
    d_up = dy * (gate * s);
    d_gate = dy * up * (s * (gate * (1.0f - s) + 1.0f));
}

// dUp = dy silu(gate)     dGate = dy up sigmoid(gate) (1 + gate (1 - sigmoid(gate)))
KERNEL(swiglu_backward, float* d_gate, float* d_up, const float* dy, const float* gate, const float* up, long long count) {
    long long i = first_of_four();
    if (i >= count) {
        return;
    }
    bool whole = i + 4 <= count && aligned(d_gate, d_up, dy, gate, up);
    float4 d = load_four(dy, i, count, whole), g = load_four(gate, i, count, whole), u = load_four(up, i, count, whole);
    float4 dg, du;
    swiglu_slopes(dg.x, du.x, d.x, g.x, u.x);
    swiglu_slopes(dg.y, du.y, d.y, g.y, u.y);
    swiglu_slopes(dg.z, du.z, d.z, g.z, u.z);
    swiglu_slopes(dg.w, du.w, d.w, g.w, u.w);
    store_four(d_gate, i, count, whole, dg);
    store_four(d_up, i, count, whole, du);
}

// Output i of SplitMix64 from a seed (Steele, Lea and Flood, OOPSLA 2014), as DropoutMask has it.
DEVICE unsigned long long split_mix_64(unsigned long long seed, long long index) {
    unsigned long long z = seed + static_cast<unsigned long long>(index + 1) * 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}
// What element i is multiplied with; least is the probability times 2 to the 53, rounded up.
DEVICE float kept_scale(long long seed, long long i, long long least, float scale) {
    return static_cast<long long>(split_mix_64(static_cast<unsigned long long>(seed), i) >> 11) >= least ? scale : 0;
}

// y[i] = keeps(i) ? scale x[i] : 0
KERNEL(dropout, float* y, const float* x, long long count, long long seed, long long least, float scale) {
    long long i = first_of_four();
    if (i >= count) {
        return;
    }
    bool whole = i + 4 <= count && aligned(y, x);
    float4 a = load_four(x, i, count, whole);
    store_four(y, i, count, whole,
               {a.x * kept_scale(seed, i, least, scale), a.y * kept_scale(seed, i + 1, least, scale),
                a.z * kept_scale(seed, i + 2, least, scale), a.w * kept_scale(seed, i + 3, least, scale)});
}

// dx[i] += keeps(i) ? scale dy[i] : 0
KERNEL(dropout_backward, float* dx, const float* dy, long long count, long long seed, long long least, float scale) {
    long long i = first_of_four();
    if (i >= count) {
        return;
    }
    bool whole = i + 4 <= count && aligned(dx, dy);
    float4 a = load_four(dx, i, count, whole), b = load_four(dy, i, count, whole);
    store_four(dx, i, count, whole,
               {a.x + b.x * kept_scale(seed, i, least, scale), a.y + b.y * kept_scale(seed, i + 1, least, scale),
                a.z + b.z * kept_scale(seed, i + 2, least, scale), a.w + b.w * kept_scale(seed, i + 3, least, scale)});
}
