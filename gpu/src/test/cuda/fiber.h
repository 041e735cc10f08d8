// A block's threads as fibers on one operating-system thread. A fiber runs until it waits for its warp or its block, so
// a missing barrier shows as a wrong result in one of three fixed orders: forward, reverse, random.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

#if defined(__x86_64__)
extern "C" void livegraft_switch(void** left, void* entered);
asm(R"(
    .text
    .p2align 4
    .hidden livegraft_switch
    .globl livegraft_switch
    .type livegraft_switch, @function
livegraft_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size livegraft_switch, .-livegraft_switch
)");
#else
#error "the shim switches fibers on x86-64 only"
#endif

#ifdef __SANITIZE_ADDRESS__
extern "C" void __sanitizer_start_switch_fiber(void** fake, const void* bottom, size_t bytes);
extern "C" void __sanitizer_finish_switch_fiber(void* fake, const void** bottom, size_t* bytes);
extern "C" void __asan_unpoison_memory_region(const volatile void* memory, size_t bytes);
#endif

namespace shim {

struct Index {
    unsigned x, y, z;
};
struct Extent {
    unsigned x, y, z;
};

enum class Order { forward, reverse, random };
enum class State { ready, at_warp, at_block, done };

struct Copy {
    void* target;
    const void* source;
    int bytes;
    int group;
};

struct Fiber {
    static constexpr size_t stack_bytes = 256 << 10;
    void* stack = nullptr;
    void* context = nullptr;
    State state = State::done;
    Index thread{};
    int number = 0;
    int exchanges = 0;
    Copy* copies = nullptr;
    int copy_count = 0, copy_capacity = 0, open_group = 0;
};

inline Fiber* current = nullptr;
inline Index block_index{};
inline Extent block_extent{}, grid_extent{};
inline uint64_t block_serial = 0;
inline unsigned char* dynamic_memory = nullptr;
inline const char* failure = nullptr;

inline void* scheduler = nullptr;
inline void (*body)(void**) = nullptr;
inline void** arguments = nullptr;
#ifdef __SANITIZE_ADDRESS__
inline const void* scheduler_bottom = nullptr;
inline size_t scheduler_bytes = 0;
#endif

// Back to the scheduler until this fiber's turn comes again.
__attribute__((noinline)) inline void pause(State state) {
    Fiber* self = current;
    self->state = state;
#ifdef __SANITIZE_ADDRESS__
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(state == State::done ? nullptr : &fake, scheduler_bottom, scheduler_bytes);
#endif
    livegraft_switch(&self->context, scheduler);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake, &scheduler_bottom, &scheduler_bytes);
#endif
}

__attribute__((noinline)) inline void start() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom, &scheduler_bytes);
#endif
    body(arguments);
    pause(State::done);
    abort();
}

__attribute__((noinline)) inline void resume(Fiber& fiber) {
    current = &fiber;
#ifdef __SANITIZE_ADDRESS__
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, fiber.stack, Fiber::stack_bytes);
#endif
    livegraft_switch(&scheduler, fiber.context);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

inline void prepare(Fiber& fiber, int number) {
    if (fiber.stack == nullptr) {
        fiber.stack = mmap(nullptr, Fiber::stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(fiber.stack, Fiber::stack_bytes);  // the frames that its last thread never left
#endif
    auto* top = reinterpret_cast<void**>(static_cast<char*>(fiber.stack) + Fiber::stack_bytes);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(&start);  // the return address of the first switch, on 16 bytes
    for (int saved = 0; saved < 6; saved++) {
        *--top = nullptr;
    }
    fiber.context = top;
    fiber.state = State::ready;
    fiber.number = number;
    fiber.exchanges = 0;
    fiber.copy_count = 0;
    fiber.open_group = 0;
    unsigned n = unsigned(number);
    fiber.thread = {n % block_extent.x, n / block_extent.x % block_extent.y, n / block_extent.x / block_extent.y};
}

}  // namespace shim
