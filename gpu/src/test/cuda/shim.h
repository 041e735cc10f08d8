// The words of livegraft.cuh for g++: one .cu file becomes one shared library whose kernels the stand-in driver finds by
// name, as a Kernel, and runs by livegraft_run.
#pragma once
#include "warp.h"

#define DEVICE static inline
#define DEVICE_MEMBER inline
#define CONSTANT static const
#define UNROLL
#define ONE_BY_ONE
#define threadIdx (shim::current->thread)
#define blockIdx (shim::block_index)
#define blockDim (shim::block_extent)
#define gridDim (shim::grid_extent)
#define __restrict__ __restrict

struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) int2 {
    int x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};

namespace shim {

// How a library names a kernel to the driver: sizes are the parameters' bytes.
struct Kernel {
    void (*run)(void**);
    int max_threads;
    int parameters;
    int sizes[64];
};

template <int... I>
struct Places {};
template <int N, int... I>
struct Counted : Counted<N - 1, N - 1, I...> {};
template <int... I>
struct Counted<0, I...> {
    using Type = Places<I...>;
};

template <typename... P, int... I>
void unpack(void (*kernel)(P...), void** values, Places<I...>) {
    kernel(*static_cast<P*>(values[I])...);
}
template <typename... P>
void unpack(void (*kernel)(P...), void** values) {
    unpack(kernel, values, typename Counted<int(sizeof...(P))>::Type());
}
template <typename... P>
constexpr Kernel describe(void (*)(P...), void (*run)(void**), int threads) {
    return Kernel{run, threads, int(sizeof...(P)), {int(sizeof(P))...}};
}

template <typename T, int Count>
struct SharedArray {
    uint64_t serial = 0;
    alignas(16) T values[Count];

    T (&of_block())[Count] {
        if (serial != block_serial) {
            serial = block_serial;
            poison(values, sizeof values);
        }
        return values;
    }
};

}  // namespace shim

#define BOUNDED_KERNEL(threads, blocks, name, ...)                                                              \
    static void name##_body(__VA_ARGS__);                                                                       \
    static void name##_run(void** values) { shim::unpack(name##_body, values); }                                \
    extern "C" __attribute__((visibility("default"))) const shim::Kernel name;                                  \
    const shim::Kernel name = shim::describe(name##_body, name##_run, threads);                                 \
    static void name##_body(__VA_ARGS__)
#define KERNEL(name, ...) BOUNDED_KERNEL(256, 1, name, __VA_ARGS__)
#define SHARED(type, name, count)                        \
    static shim::SharedArray<type, (count)> name##_array; \
    type(&name)[count] = name##_array.of_block()
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(shim::dynamic_memory)

extern "C" __attribute__((visibility("default"))) inline const char* livegraft_run(const shim::Kernel* kernel, void** values,
                                                                                   const unsigned* grid, const unsigned* block,
                                                                                   unsigned dynamic_bytes, int order, uint64_t seed) {
    return shim::run_grid(kernel->run, values, {grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, dynamic_bytes,
                          shim::Order(order), seed);
}
// An inline function is emitted only where it is used.
__attribute__((used)) static const char* (*const livegraft_kept)(const shim::Kernel*, void**, const unsigned*, const unsigned*,
                                                                 unsigned, int, uint64_t) = &livegraft_run;

DEVICE void sync_block() { shim::pause(shim::State::at_block); }
DEVICE void sync_warp() { shim::wait_for_warp(); }

template <typename T>
DEVICE T shuffle(T value, int lane) {
    return shim::take(value, lane);
}
template <typename T>
DEVICE T shuffle_xor(T value, int mask) {
    return shim::take(value, (shim::current->number & 31) ^ mask);
}

// A block's fibers share one thread, and a grid's blocks run one after the other.
template <typename T>
DEVICE T add_atomically(T* to, T value) {
    T before = *to;
    *to += value;
    return before;
}

DEVICE float float_of_bits(unsigned bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
DEVICE unsigned bits_of_float(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    return bits;
}
DEVICE float to_float(bf16 value) { return float_of_bits(unsigned(value) << 16); }
DEVICE bf16 to_bf16(float value) {
    unsigned bits = bits_of_float(value);
    if (value != value) {
        return 0x7FFF;
    }
    return bf16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
DEVICE unsigned pack_bf16(float low, float high) { return to_bf16(low) | unsigned(to_bf16(high)) << 16; }
DEVICE float fast_exp2(float x) { return exp2f(x); }
DEVICE float fast_reciprocal(float x) { return 1.0f / x; }

DEVICE void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) { shim::multiply(d, a, b); }
DEVICE void load_matrix_x4(unsigned (&fragment)[4], const bf16* row) { shim::load_matrices(fragment, row, false); }
DEVICE void load_matrix_x4_transposed(unsigned (&fragment)[4], const bf16* row) { shim::load_matrices(fragment, row, true); }

DEVICE void copy_async_16(void* shared, const void* global, int bytes) { shim::copy_later(shared, global, bytes); }
DEVICE void commit_copies() { shim::current->open_group++; }
template <int Groups>
DEVICE void wait_copies() {
    shim::finish_copies(Groups);
}
DEVICE uint4 load_once(const void* global) {
    uint4 result;
    memcpy(&result, global, 16);
    return result;
}
