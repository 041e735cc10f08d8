// Rotary position embedding (Su et al., arXiv 2104.09864) in the half-split form, in place:
//
//   (x[i], x[i + D/2]) = (x[i] cos - x[i + D/2] sin,  x[i + D/2] cos + x[i] sin)      of the angle of (position, i)
//
// The turns have for every position all D/2 cosines, then all sines, computed in double precision before; sign -1 turns back.
#include "row.cuh"

// Thread: four pairs of one head of row blockIdx.x.
KERNEL(rotate, float* x, const int* positions, const float* turns, int heads, int half, float sign) {
    int pieces = (half + 3) / 4;
    int piece = int(blockIdx.y * blockDim.x + threadIdx.x);
    if (piece >= heads * pieces) {
        return;
    }
    int i = piece % pieces * 4;
    float* left = x + (static_cast<long long>(blockIdx.x) * heads + piece / pieces) * 2 * half;
    float* right = left + half;
    const float* cosines = turns + static_cast<long long>(positions[blockIdx.x]) * 2 * half;
    const float* sines = cosines + half;
    bool whole = half % 4 == 0 && aligned(left, cosines);
    float4 a = load_four(left, i, half, whole), b = load_four(right, i, half, whole);
    float4 c = load_four(cosines, i, half, whole), s = load_four(sines, i, half, whole);
    s = {sign * s.x, sign * s.y, sign * s.z, sign * s.w};
    store_four(left, i, half, whole, {a.x * c.x - b.x * s.x, a.y * c.y - b.y * s.y, a.z * c.z - b.z * s.z, a.w * c.w - b.w * s.w});
    store_four(right, i, half, whole, {b.x * c.x + a.x * s.x, b.y * c.y + a.y * s.y, b.z * c.z + a.z * s.z, b.w * c.w + a.w * s.w});
}
