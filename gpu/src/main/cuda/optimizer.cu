// AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2), element by element, with moments in float32 or in 8 bits, and the
// norm that gradients are clipped by.
//
//   g' = gradientScale g      m = b1 m + (1 - b1) g'      v = b2 v + (1 - b2) g'^2
//   p = p (1 - lr lambda) - (lr / (1 - b1^t)) m / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
#include "row.cuh"

// Constants of a step, in float32: what a step keeps of a parameter is 1 - lr lambda, its rate lr / (1 - b1^t).
struct Step {
    float keep1, add1, keep2, add2, keep, rate, root_factor, epsilon, gradient_scale;
};

DEVICE void step_element(float& p, float& m, float& v, float g, const Step& step) {
    float gradient = g * step.gradient_scale;
    m = m * step.keep1 + gradient * step.add1;
    v = v * step.keep2 + gradient * gradient * step.add2;
    p = p * step.keep - m * step.rate / (sqrtf(v) * step.root_factor + step.epsilon);
}

DEVICE void step_four(float* p, float* m, float* v, const float* g, long long i, long long count, const Step& step) {
    bool whole = i + 4 <= count && aligned(p, m, v, g);
    float4 a = load_four(p, i, count, whole), b = load_four(m, i, count, whole), c = load_four(v, i, count, whole);
    float4 d = load_four(g, i, count, whole);
    step_element(a.x, b.x, c.x, d.x, step);
    step_element(a.y, b.y, c.y, d.y, step);
    step_element(a.z, b.z, c.z, d.z, step);
    step_element(a.w, b.w, c.w, d.w, step);
    store_four(p, i, count, whole, a);
    store_four(m, i, count, whole, b);
    store_four(v, i, count, whole, c);
}

KERNEL(adamw, float* p, float* m, float* v, const float* g, long long count, float keep1, float add1, float keep2, float add2,
       float keep, float rate, float root_factor, float epsilon, float gradient_scale) {
    long long i = first_of_four();
    if (i < count) {
        step_four(p, m, v, g, i, count, {keep1, add1, keep2, add2, keep, rate, root_factor, epsilon, gradient_scale});
    }
}

// One of many tensors, in device memory.
struct Part {
    float *p, *m, *v;
    const float* g;
    long long count;
    Step step;
};

// Many tensors in one launch, part blockIdx.y, each with constants of its own.
KERNEL(adamw_parts, const long long* parts) {
    constexpr int longs = 10;
    static_assert(sizeof(Part) <= 8 * longs);
    const Part& part = *reinterpret_cast<const Part*>(parts + longs * blockIdx.y);
    for (long long i = first_of_four(); i < part.count; i += 4ll * gridDim.x * blockDim.x) {
        step_four(part.p, part.m, part.v, part.g, i, part.count, part.step);
    }
}

// The code whose value is nearest, the lower of two equally near ones, with sign repair: optimizer.DynamicMap.encode.
DEVICE int nearest_code(const float* map, float x) {
    int below = 0, above = 256;  // map[below] <= x < map[above], but for an x outside the map
    while (above - below > 1) {
        int middle = (below + above) / 2;
        if (map[middle] <= x) {
            below = middle;
        } else {
            above = middle;
        }
    }
    int nearest = map[below] >= x || above == 256 || x - map[below] <= map[above] - x ? below : above;
    return x < 0 && map[nearest] == 0 && nearest > 0 ? nearest - 1 : nearest;
}

// The code of x in a block with this absmax.
DEVICE unsigned char encode(const float* map, float x, float absmax) {
    return static_cast<unsigned char>(nearest_code(map, x == 0 ? 0 : x / absmax));
}

// Moments in 8 bits with an absmax for every 256 (Dettmers et al., arXiv 2110.02861, equation 2): taken out, updated in float32 and
// put back. Block: 256 elements; maps are the signed one, then the unsigned one.
KERNEL(adamw_blockwise, float* p, unsigned char* m_codes, float* m_absmax, unsigned char* v_codes, float* v_absmax, const float* g,
       const float* maps, long long count, float keep1, float add1, float keep2, float add2, float keep, float rate,
       float root_factor, float epsilon, float gradient_scale) {
    SHARED(float, map, 512);
    map[threadIdx.x] = maps[threadIdx.x];
    map[256 + threadIdx.x] = maps[256 + threadIdx.x];
    sync_block();
    long long i = 256ll * blockIdx.x + threadIdx.x;
    float m = 0, v = 0;
    if (i < count) {
        m = map[m_codes[i]] * m_absmax[blockIdx.x];
        v = map[256 + v_codes[i]] * v_absmax[blockIdx.x];
        float parameter = p[i];
        step_element(parameter, m, v, g[i], {keep1, add1, keep2, add2, keep, rate, root_factor, epsilon, gradient_scale});
        p[i] = parameter;
    }
    float m_max = block_max(fabsf(m)), v_max = block_max(v);
    if (i < count) {
        m_codes[i] = encode(map, m, m_max);
        v_codes[i] = encode(map + 256, v, v_max);
    }
    if (threadIdx.x == 0) {
        m_absmax[blockIdx.x] = m_max;
        v_absmax[blockIdx.x] = v_max;
    }
}

// Sums of squares of 16,384 elements a block, in double precision.
KERNEL(squares, double* parts, const float* x, long long count) {
    constexpr int piece = 16384;
    long long from = static_cast<long long>(blockIdx.x) * piece;
    long long to = from + piece < count ? from + piece : count;
    bool four = aligned(x);
    double sum = 0;
    for (long long i = from + 4 * threadIdx.x; i < to; i += 4 * blockDim.x) {
        float4 a = load_four(x, i, count, four && i + 4 <= count);
        sum += (double(a.x) * a.x + double(a.y) * a.y) + (double(a.z) * a.z + double(a.w) * a.w);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        parts[blockIdx.x] = sum;
    }
}

// Of what squares left, into the first place; one block.
KERNEL(sum_of_parts, double* parts, int count) {
    double sum = 0;
    for (int i = int(threadIdx.x); i < count; i += int(blockDim.x)) {
        sum += parts[i];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        parts[0] = sum;
    }
}
