// What every kernel here is written in: the few words of the card's machine that Livegraft uses, and nothing of CUDA's
// headers, so that nvcc, NVRTC and g++ all take the same source. Under nvcc each word is one PTX instruction; under g++
// it comes from shim.h of the tests, which runs a block's threads as fibers on one thread.
//
//   KERNEL(scale, float* values, float factor, long long count) { ... }     at most 256 threads a block
//   BOUNDED_KERNEL(128, 4, name, ...) { ... }                               128 threads, at least 4 blocks on a processor
//
// Parameters are pointers to device memory, int, long long, float or double. Products are contracted to fused
// multiply-adds only where fmaf says so: build with -fmad=false (g++: -ffp-contract=off).
#pragma once

using bf16 = unsigned short;  // the upper half of a float32

#ifdef __CUDACC__

#define DEVICE static __device__ __forceinline__
#define DEVICE_MEMBER __device__ __forceinline__
#define CONSTANT static __device__ const
#define UNROLL _Pragma("unroll")
#define ONE_BY_ONE _Pragma("unroll 1")  // a loop whose rounds must not share registers
#define BOUNDED_KERNEL(threads, blocks, name, ...) \
    extern "C" __global__ void __launch_bounds__(threads, blocks) name(__VA_ARGS__)
#define KERNEL(name, ...) BOUNDED_KERNEL(256, 1, name, __VA_ARGS__)
#define SHARED(type, name, count) __shared__ __align__(16) type name[count]
#define DYNAMIC_SHARED(type, name)                          \
    extern __shared__ __align__(16) unsigned char dynamic_shared[]; \
    type* name = reinterpret_cast<type*>(dynamic_shared)

DEVICE void sync_block() { __syncthreads(); }
DEVICE void sync_warp() { __syncwarp(); }

// Whole warps only: every lane takes part.
template <typename T>
DEVICE T shuffle(T value, int lane) {
    return __shfl_sync(0xFFFFFFFFu, value, lane);
}
template <typename T>
DEVICE T shuffle_xor(T value, int mask) {
    return __shfl_xor_sync(0xFFFFFFFFu, value, mask);
}

// Whole numbers, in any order; gives what was there before.
DEVICE unsigned add_atomically(unsigned* to, unsigned value) { return atomicAdd(to, value); }
DEVICE unsigned long long add_atomically(unsigned long long* to, unsigned long long value) { return atomicAdd(to, value); }

DEVICE float float_of_bits(unsigned bits) { return __uint_as_float(bits); }
DEVICE unsigned bits_of_float(float value) { return __float_as_uint(value); }
DEVICE float to_float(bf16 value) { return __uint_as_float(unsigned(value) << 16); }

// Nearest, ties to even; a NaN becomes 0x7FFF.
DEVICE bf16 to_bf16(float value) {
    bf16 result;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result) : "f"(value));
    return result;
}
DEVICE unsigned pack_bf16(float low, float high) {
    unsigned result;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
    return result;
}

// 2^x and 1/x to about 2 units in the last place.
DEVICE float fast_exp2(float x) {
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}
DEVICE float fast_reciprocal(float x) {
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}

// d += a x b for 16 rows, 8 columns, 16 deep; a by rows, b by columns. With g = lane / 4 and t = lane % 4, low half first:
// a = {(g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8)}, b = {(2t, g), (2t + 8, g)}, each with its right or lower
// neighbour; d = {(g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)}.
DEVICE void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Four 8 x 8 matrices of bf16 from shared memory: lane 8 i + j names the 16 bytes of row j of matrix i; lane l gets of
// matrix i the elements (l / 4, 2 (l % 4)) and its right neighbour, or (transposed) (2 (l % 4), l / 4) and its lower one.
DEVICE void load_matrix_x4(unsigned (&fragment)[4], const bf16* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(fragment[0]), "=r"(fragment[1]), "=r"(fragment[2]), "=r"(fragment[3])
                 : "r"(unsigned(__cvta_generic_to_shared(row)))
                 : "memory");
}
DEVICE void load_matrix_x4_transposed(unsigned (&fragment)[4], const bf16* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(fragment[0]), "=r"(fragment[1]), "=r"(fragment[2]), "=r"(fragment[3])
                 : "r"(unsigned(__cvta_generic_to_shared(row)))
                 : "memory");
}

// Copies 16 bytes, or zeros where bytes is 0, without waiting; both addresses on 16 bytes.
DEVICE void copy_async_16(void* shared, const void* global, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(unsigned(__cvta_generic_to_shared(shared))), "l"(global),
                 "r"(bytes)
                 : "memory");
}
DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most this many of this thread's committed groups are under way; other threads' need sync_block as well.
template <int Groups>
DEVICE void wait_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
}

// 16 bytes that nobody reads again soon: past the first cache and first to leave the second.
DEVICE uint4 load_once(const void* global) {
    uint4 result;
    asm volatile(
        "{ .reg .b64 once; createpolicy.fractional.L2::evict_first.b64 once, 1.0;"
        " ld.global.nc.L1::no_allocate.L2::cache_hint.v4.u32 {%0,%1,%2,%3}, [%4], once; }"
        : "=r"(result.x), "=r"(result.y), "=r"(result.z), "=r"(result.w)
        : "l"(global));
    return result;
}

#else
#include "shim.h"
#endif

// Whether 16 bytes may be loaded or stored there at once.
DEVICE bool aligned_16(const void* address) { return (reinterpret_cast<unsigned long long>(address) & 15) == 0; }

DEVICE int lane_id() { return int(threadIdx.x & 31); }
DEVICE int warp_id() { return int(threadIdx.x >> 5); }

// The sum over a warp's lanes, the same bits in every lane: pairs 16 apart first, then 8, 4, 2, 1.
DEVICE float warp_sum(float value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value += shuffle_xor(value, distance);
    }
    return value;
}
DEVICE float warp_max(float value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value = fmaxf(value, shuffle_xor(value, distance));
    }
    return value;
}
