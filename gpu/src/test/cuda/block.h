// Runs grids: block after block, each block's fibers in the asked order, warp barriers first, then block barriers.
#pragma once
#include "fiber.h"

namespace shim {

constexpr int max_threads = 1024;
inline Fiber fibers[max_threads];
inline uint64_t random_state = 1;

inline unsigned next_random(unsigned bound) {
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return unsigned((random_state >> 33) % bound);
}

// Writes the numbers first .. first + count - 1 in the asked order.
inline void arrange(int* numbers, int first, int count, Order order) {
    for (int i = 0; i < count; i++) {
        numbers[i] = first + (order == Order::reverse ? count - 1 - i : i);
    }
    for (int i = count - 1; order == Order::random && i > 0; i--) {
        int j = int(next_random(unsigned(i + 1)));
        int kept = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = kept;
    }
}

inline void fail(const char* why) {
    if (failure == nullptr) {
        failure = why;
    }
}

// Lets a warp's threads run until all of them are done or wait for the block.
inline void run_warp(int first, int count, Order order) {
    int lanes[32];
    while (failure == nullptr) {
        arrange(lanes, first, count, order);
        for (int i = 0; i < count; i++) {
            if (fibers[lanes[i]].state == State::ready) {
                resume(fibers[lanes[i]]);
            }
        }
        int waiting = 0;
        for (int i = 0; i < count; i++) {
            waiting += fibers[first + i].state == State::at_warp;
        }
        if (waiting == 0) {
            return;
        }
        if (waiting != count) {
            return fail("some threads of a warp left or wait for their block while others wait for the warp");
        }
        for (int i = 0; i < count; i++) {
            fibers[first + i].state = State::ready;
        }
    }
}

inline void run_block(int threads, Order order) {
    int warps[max_threads / 32];
    for (int i = 0; i < threads; i++) {
        prepare(fibers[i], i);
    }
    while (failure == nullptr) {
        int count = (threads + 31) / 32;
        arrange(warps, 0, count, order);
        for (int i = 0; i < count && failure == nullptr; i++) {
            int first = warps[i] * 32;
            run_warp(first, threads - first < 32 ? threads - first : 32, order);
        }
        int waiting = 0;
        for (int i = 0; i < threads; i++) {
            waiting += fibers[i].state == State::at_block;
        }
        if (waiting == 0) {
            return;
        }
        if (waiting != threads) {
            return fail("some threads of a block left while others wait at its barrier");
        }
        for (int i = 0; i < threads; i++) {
            fibers[i].state = State::ready;
        }
    }
}

// Shared memory starts every block as NaN: so does whatever a kernel reads before it wrote it.
inline void poison(void* memory, size_t bytes) { memset(memory, 0xFF, bytes); }

inline const char* run_grid(void (*kernel)(void**), void** values, Extent grid, Extent block, unsigned dynamic_bytes, Order order,
                            uint64_t seed) {
    body = kernel;
    arguments = values;
    grid_extent = grid;
    block_extent = block;
    failure = nullptr;
    random_state = seed;
    dynamic_memory = static_cast<unsigned char*>(aligned_alloc(128, (dynamic_bytes + 127) / 128 * 128 + 128));
    uint64_t blocks = uint64_t(grid.x) * grid.y * grid.z;
    for (uint64_t i = 0; i < blocks && failure == nullptr; i++) {
        uint64_t n = order == Order::reverse ? blocks - 1 - i : i;
        block_index = {unsigned(n % grid.x), unsigned(n / grid.x % grid.y), unsigned(n / grid.x / grid.y)};
        block_serial++;
        poison(dynamic_memory, dynamic_bytes);
        run_block(int(block.x * block.y * block.z), order);
    }
    free(dynamic_memory);
    return failure;
}

}  // namespace shim
