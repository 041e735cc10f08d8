// What lanes of a warp do together, and the copies that arrive late.
#pragma once
#include <cmath>

#include "block.h"

namespace shim {

// Two places for what a lane offers: a lane is never two exchanges ahead of another one.
struct Warp {
    alignas(64) unsigned char offered[2][32][64];
};
inline Warp warps[max_threads / 32];

inline void wait_for_warp() { pause(State::at_warp); }

// Offers a value to the warp and returns where all lanes' values lie until the exchange after the next one.
template <typename T>
T* offer(const T& value, int lane) {
    static_assert(sizeof(T) <= 64);
    Warp& warp = warps[current->number / 32];
    unsigned char(*place)[64] = warp.offered[current->exchanges++ & 1];
    memcpy(place[lane], &value, sizeof(T));
    wait_for_warp();
    return reinterpret_cast<T*>(place);
}

template <typename T>
struct alignas(64) Slot {
    T value;
};

template <typename T>
T take(const T& value, int source) {
    auto* slots = reinterpret_cast<Slot<T>*>(offer(value, current->number & 31));
    return slots[source & 31].value;
}

struct Fragments {
    unsigned a[4];
    unsigned b[2];
};

inline float low(unsigned pair) {
    unsigned bits = pair << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
inline float high(unsigned pair) {
    unsigned bits = pair & 0xFFFF0000u;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

inline void multiply(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    Fragments mine;
    memcpy(mine.a, a, sizeof a);
    memcpy(mine.b, b, sizeof b);
    auto* lanes = reinterpret_cast<Slot<Fragments>*>(offer(mine, current->number & 31));
    int group = current->number / 4 % 8, inner = current->number % 4;
    for (int half = 0; half < 2; half++) {
        for (int t = 0; t < 4; t++) {
            const unsigned* rows = lanes[group * 4 + t].value.a + 2 * half;
            for (int side = 0; side < 2; side++) {
                unsigned column = lanes[(2 * inner + side) * 4 + t].value.b[half];
                d[side] = fmaf(high(rows[0]), high(column), fmaf(low(rows[0]), low(column), d[side]));
                d[2 + side] = fmaf(high(rows[1]), high(column), fmaf(low(rows[1]), low(column), d[2 + side]));
            }
        }
    }
}

inline void load_matrices(unsigned (&fragment)[4], const unsigned short* row, bool transposed) {
    auto* rows = reinterpret_cast<Slot<const unsigned short*>*>(offer(row, current->number & 31));
    int group = current->number / 4 % 8, inner = current->number % 4 * 2;
    for (int i = 0; i < 4; i++) {
        const unsigned short* upper = rows[8 * i + (transposed ? inner : group)].value;
        const unsigned short* lower = rows[8 * i + (transposed ? inner + 1 : group)].value;
        unsigned first = transposed ? upper[group] : upper[inner];
        unsigned second = transposed ? lower[group] : lower[inner + 1];
        fragment[i] = first | second << 16;
    }
    wait_for_warp();  // the rows must not change before every lane has read them
}

// A copy's target is NaN until its wait, and its source is read no earlier.
inline void copy_later(void* shared, const void* global, int bytes) {
    Fiber& fiber = *current;
    if (fiber.copy_count == fiber.copy_capacity) {
        fiber.copy_capacity = fiber.copy_capacity == 0 ? 16 : 2 * fiber.copy_capacity;
        fiber.copies = static_cast<Copy*>(realloc(fiber.copies, size_t(fiber.copy_capacity) * sizeof(Copy)));
    }
    if (reinterpret_cast<uintptr_t>(shared) % 16 != 0 || (bytes != 0 && reinterpret_cast<uintptr_t>(global) % 16 != 0)) {
        fail("an asynchronous copy whose addresses are not on 16 bytes");
    }
    poison(shared, 16);
    fiber.copies[fiber.copy_count++] = {shared, global, bytes, fiber.open_group};
}

inline void finish_copies(int groups) {
    Fiber& fiber = *current;
    int kept = 0;
    for (int i = 0; i < fiber.copy_count; i++) {
        Copy& copy = fiber.copies[i];
        if (copy.group < fiber.open_group - groups) {
            memset(copy.target, 0, 16);
            memcpy(copy.target, copy.source, size_t(copy.bytes));
        } else {
            fiber.copies[kept++] = copy;
        }
    }
    fiber.copy_count = kept;
}

}  // namespace shim
