// Rows of float32 four elements at a time: with 16-byte accesses where addresses and lengths allow, else one by one, zeros
// beyond the end. Which of both it is shows in no bit.
#pragma once
#include "livegraft.cuh"

template <typename... Pointers>
DEVICE bool aligned(Pointers... pointers) {
    return ((reinterpret_cast<unsigned long long>(pointers) | ...) & 15) == 0;
}

// The first of this thread's four elements, where each thread of the grid has four.
DEVICE long long first_of_four() { return 4 * (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x); }

DEVICE float4 load_four(const float* values, long long i, long long count, bool whole) {
    if (whole) {
        return *reinterpret_cast<const float4*>(values + i);
    }
    return {i < count ? values[i] : 0, i + 1 < count ? values[i + 1] : 0, i + 2 < count ? values[i + 2] : 0,
            i + 3 < count ? values[i + 3] : 0};
}

DEVICE void store_four(float* values, long long i, long long count, bool whole, float4 four) {
    if (whole) {
        *reinterpret_cast<float4*>(values + i) = four;
        return;
    }
    if (i < count) values[i] = four.x;
    if (i + 1 < count) values[i + 1] = four.y;
    if (i + 2 < count) values[i + 2] = four.z;
    if (i + 3 < count) values[i + 3] = four.w;
}

// The sum over a block of whole warps, the same bits in every thread: lanes as warp_sum, then warp after warp.
DEVICE double block_sum(double value) {
    SHARED(double, of_warp, 32);
    for (int distance = 16; distance > 0; distance /= 2) {
        value += shuffle_xor(value, distance);
    }
    sync_block();
    of_warp[warp_id()] = value;
    sync_block();
    double sum = 0;
    for (int warp = 0; warp < int(blockDim.x) / 32; warp++) {
        sum += of_warp[warp];
    }
    return sum;
}

DEVICE float block_max(float value) {
    SHARED(float, of_warp, 32);
    value = warp_max(value);
    sync_block();
    of_warp[warp_id()] = value;
    sync_block();
    for (int warp = 0; warp < int(blockDim.x) / 32; warp++) {
        value = fmaxf(value, of_warp[warp]);
    }
    return value;
}

struct Largest {
    float value;
    int id;
};

// The largest of a row and the lowest of the places where it is, 0 where every value is -infinity or no number; the same in
// every thread.
DEVICE Largest block_largest(const float* row, int columns) {
    SHARED(int, of_warp, 32);
    float max = -INFINITY;
    int id = columns;
    for (int c = int(threadIdx.x); c < columns; c += int(blockDim.x)) {
        float x = row[c];
        if (x > max) {
            max = x;
            id = c;
        }
    }
    float largest = block_max(max);
    id = max == largest ? id : columns;
    for (int distance = 16; distance > 0; distance /= 2) {
        int other = shuffle_xor(id, distance);
        id = other < id ? other : id;
    }
    sync_block();
    of_warp[warp_id()] = id;
    sync_block();
    for (int warp = 0; warp < int(blockDim.x) / 32; warp++) {
        id = of_warp[warp] < id ? of_warp[warp] : id;
    }
    return {largest, id < columns ? id : 0};
}
