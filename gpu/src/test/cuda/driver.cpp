// A stand-in for NVIDIA's driver library (libcuda.so.1) on a machine without a card: the part of the driver API that
// Livegraft calls through JCuda. A module is a shared library made from a .cu file behind shim.h. Memory is the host's,
// filled with NaN. Whatever a stream is asked for waits until somebody waits for it, as late as the real one may be.
// Signatures as NVIDIA documents them in the CUDA driver API reference; results other than the few named are not used.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

enum Result {
    success = 0,
    invalid_value = 1,
    out_of_memory = 2,
    not_ready = 600,
    invalid_image = 200,
    invalid_handle = 400,
    not_found = 500,
    illegal_address = 700,
    launch_failed = 719,
    stream_capture_unsupported = 900,
    stream_capture_invalidated = 901,
};

using Address = unsigned long long;
using Work = std::function<int()>;

struct Kernel {  // as in shim.h
    void (*run)(void**);
    int max_threads;
    int parameters;
    int sizes[64];
};
using Run = const char* (*)(const Kernel*, void**, const unsigned*, const unsigned*, unsigned, int, uint64_t);

struct Module {
    void* library;
    Run run;
};
struct Function {
    const Kernel* kernel;
    Module* module;
    std::string name;
    int dynamic_bytes_max = 48 << 10;
};
struct Graph {
    std::vector<Work> works;
};
struct Stream {
    std::unique_ptr<Graph> capture;
};
struct Event {
    double seconds = 0;
};

constexpr int shared_bytes_max = 99 << 10;  // the least of compute capabilities 8.0, 8.9 and 9.0
const size_t device_bytes = [] {
    const char* asked = getenv("LIVEGRAFT_DEVICE_BYTES");
    return asked != nullptr ? size_t(strtoull(asked, nullptr, 10)) : size_t(4) << 30;
}();

std::recursive_mutex lock;
constexpr size_t pinned_bytes = size_t(1) << 30;
constexpr unsigned host_alloc_device_map = 2;
std::map<Address, size_t> device_blocks, pinned_blocks, mapped_blocks;
size_t device_bytes_used = 0, pinned_bytes_used = 0;
std::vector<Work> queue;
int first_error = success;
Stream legacy_stream;
int order = [] {
    const char* asked = getenv("LIVEGRAFT_FIBERS");
    std::string name = asked != nullptr ? asked : "forward";
    return name == "reverse" ? 1 : name == "random" ? 2 : 0;
}();
uint64_t seed = 1;
unsigned long long launches = 0;

using Guard = std::lock_guard<std::recursive_mutex>;

// Does all that streams were asked for, in the order of asking; an error stays, as a real context's does.
int finish() {
    std::vector<Work> works;
    works.swap(queue);
    for (Work& work : works) {
        if (first_error == success) {
            first_error = work();
        }
    }
    return first_error;
}

Stream& of(void* stream) { return stream == nullptr || stream == (void*)1 || stream == (void*)2 ? legacy_stream : *static_cast<Stream*>(stream); }

int enqueue(void* stream, Work work) {
    Stream& target = of(stream);
    if (target.capture) {
        target.capture->works.push_back(std::move(work));
        return success;
    }
    if (first_error != success) {
        return first_error;
    }
    queue.push_back(std::move(work));
    return success;
}

bool inside(const std::map<Address, size_t>& blocks, Address address, size_t bytes) {
    auto next = blocks.upper_bound(address);
    if (next == blocks.begin()) {
        return false;
    }
    auto block = std::prev(next);
    return address + bytes <= block->first + block->second;
}
bool on_device(Address address, size_t bytes) { return inside(device_blocks, address, bytes); }

int copy(Address target, Address source, size_t bytes, bool device_target, bool device_source) {
    if ((device_target && !on_device(target, bytes)) || (device_source && !on_device(source, bytes))) {
        fprintf(stderr, "stand-in driver: a copy of %zu bytes leaves its memory block\n", bytes);
        return illegal_address;
    }
    memmove(reinterpret_cast<void*>(target), reinterpret_cast<void*>(source), bytes);
    return success;
}

template <typename T>
int fill(Address target, T value, size_t count) {
    if (!on_device(target, count * sizeof(T))) {
        return illegal_address;
    }
    for (size_t i = 0; i < count; i++) {
        reinterpret_cast<T*>(target)[i] = value;
    }
    return success;
}

int launch(const Function* function, std::vector<unsigned char> values, const unsigned* grid, const unsigned* block, unsigned dynamic_bytes) {
    std::vector<void*> places;
    size_t offset = 0;
    for (int i = 0; i < function->kernel->parameters; i++) {
        places.push_back(values.data() + offset);
        offset += 8;
    }
    launches++;
    const char* failure = function->module->run(function->kernel, places.data(), grid, block, dynamic_bytes, order, seed);
    if (failure == nullptr) {
        return success;
    }
    fprintf(stderr, "stand-in driver: kernel %s failed: %s\n", function->name.c_str(), failure);
    return launch_failed;
}

int load(Module** module, const char* path) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void* run = library == nullptr ? nullptr : dlsym(library, "livegraft_run");
    if (run == nullptr) {
        fprintf(stderr, "stand-in driver: %s\n", dlerror());
        return invalid_image;
    }
    *module = new Module{library, reinterpret_cast<Run>(run)};
    return success;
}

// The bytes of an ELF image: as far as its section headers, which come last.
size_t elf_bytes(const unsigned char* image) {
    uint64_t offset;
    uint16_t size, count;
    memcpy(&offset, image + 40, 8);
    memcpy(&size, image + 58, 2);
    memcpy(&count, image + 60, 2);
    return offset + size_t(size) * count;
}

int attribute_value(int attribute) {
    switch (attribute) {
        case 1: return 1024;                // threads of a block
        case 2: case 3: return 1024;        // block x, y
        case 4: return 64;                  // block z
        case 5: return 0x7FFFFFFF;          // grid x
        case 6: case 7: return 65535;       // grid y, z
        case 8: return 48 << 10;            // shared memory of a block
        case 10: return 32;                 // warp
        case 12: return 65536;              // registers of a block
        case 13: return 1000000;            // clock, kHz
        case 16: return 4;                  // multiprocessors
        case 31: case 40: case 41: return 1;
        case 36: return 1000000;            // memory clock, kHz
        case 37: return 64;                 // memory bus, bits
        case 38: return 4 << 20;            // second cache
        case 39: return 2048;               // threads of a multiprocessor
        case 75: return 0;                  // compute capability: of no card
        case 76: return 0;
        case 81: return 164 << 10;          // shared memory of a multiprocessor
        case 97: return shared_bytes_max;
        default: return 0;
    }
}

}  // namespace

// Tests choose the order of threads and blocks here; the environment's LIVEGRAFT_FIBERS chooses the first one.
API standInOrder(int asked, unsigned long long asked_seed) {
    Guard guard(lock);
    finish();
    order = asked;
    seed = asked_seed;
    return success;
}
// For libraries that stand in beside this one: work of theirs takes its turn on a stream.
API standInEnqueue(void* stream, int (*work)(void*), void* argument) {
    Guard guard(lock);
    return enqueue(stream, [=] { return work(argument); });
}
extern "C" __attribute__((visibility("default"))) unsigned long long standInLaunches() { return launches; }
extern "C" __attribute__((visibility("default"))) unsigned long long standInPinnedBytes() { return pinned_bytes_used; }

API cuInit(unsigned) { return success; }
API cuDriverGetVersion(int* version) { return *version = 13000, success; }
API cuDeviceGetCount(int* count) { return *count = 1, success; }
API cuDeviceGet(int* device, int) { return *device = 0, success; }
API cuDeviceGetName(char* name, int bytes, int) { return snprintf(name, size_t(bytes), "stand-in"), success; }
API cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = device_bytes, success; }
API cuDeviceGetAttribute(int* value, int attribute, int) { return *value = attribute_value(attribute), success; }
API cuDeviceComputeCapability(int* major, int* minor, int) { return *major = *minor = 0, success; }

API cuCtxCreate_v2(void** context, unsigned, int) { return *context = new char, success; }
API cuCtxDestroy_v2(void* context) {
    Guard guard(lock);
    int result = finish();
    first_error = success;
    delete static_cast<char*>(context);
    return result;
}
API cuDevicePrimaryCtxRetain(void** context, int) {
    static char primary;
    return *context = &primary, success;
}
API cuDevicePrimaryCtxRelease_v2(int) {
    Guard guard(lock);
    int result = finish();
    first_error = success;
    return result;
}
API cuCtxSetCurrent(void*) { return success; }
API cuCtxPushCurrent_v2(void*) { return success; }
API cuCtxPopCurrent_v2(void**) { return success; }
API cuCtxSetFlags(unsigned) { return success; }
API cuCtxGetStreamPriorityRange(int* least, int* greatest) { return *least = *greatest = 0, success; }
API cuCtxSynchronize() {
    Guard guard(lock);
    return finish();
}

API cuGetErrorName(int error, const char** name) {
    return *name = error == launch_failed ? "CUDA_ERROR_LAUNCH_FAILED" : error == out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR", success;
}
API cuGetErrorString(int error, const char** text) { return cuGetErrorName(error, text); }

API cuMemAlloc_v2(Address* address, size_t bytes) {
    Guard guard(lock);
    if (bytes == 0) {
        return invalid_value;
    }
    if (device_bytes_used + bytes > device_bytes) {
        return out_of_memory;
    }
    void* memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(memory, 0xFF, bytes);
    *address = reinterpret_cast<Address>(memory);
    device_blocks[*address] = bytes;
    device_bytes_used += bytes;
    return success;
}
API cuMemFree_v2(Address address) {
    Guard guard(lock);
    finish();
    auto block = device_blocks.find(address);
    if (block == device_blocks.end()) {
        return invalid_value;
    }
    device_bytes_used -= block->second;
    device_blocks.erase(block);
    free(reinterpret_cast<void*>(address));
    return first_error;
}
API cuMemAllocAsync(Address* address, size_t bytes, void*) { return cuMemAlloc_v2(address, bytes); }
API cuMemFreeAsync(Address address, void*) { return cuMemFree_v2(address); }
API cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes) {
    Guard guard(lock);
    *total_bytes = device_bytes;
    *free_bytes = device_bytes - device_bytes_used;
    return success;
}
API cuMemHostAlloc(void** memory, size_t bytes, unsigned flags) {
    Guard guard(lock);
    if (pinned_bytes_used + bytes > pinned_bytes) {
        return out_of_memory;
    }
    *memory = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    memset(*memory, 0xFF, bytes);
    Address address = reinterpret_cast<Address>(*memory);
    pinned_blocks[address] = bytes;
    pinned_bytes_used += bytes;
    if (flags & host_alloc_device_map) {
        mapped_blocks[address] = bytes;
    }
    return success;
}
API cuMemAllocHost_v2(void** memory, size_t bytes) { return cuMemHostAlloc(memory, bytes, 0); }
API cuMemFreeHost(void* memory) {
    Guard guard(lock);
    finish();
    auto block = pinned_blocks.find(reinterpret_cast<Address>(memory));
    if (block == pinned_blocks.end()) {
        return invalid_value;
    }
    pinned_bytes_used -= block->second;
    mapped_blocks.erase(block->first);
    pinned_blocks.erase(block);
    free(memory);
    return first_error;
}
API cuMemHostGetDevicePointer_v2(Address* address, void* memory, unsigned) {
    Guard guard(lock);
    if (!inside(mapped_blocks, reinterpret_cast<Address>(memory), 1)) {
        return invalid_value;
    }
    return *address = reinterpret_cast<Address>(memory), success;
}
API cuMemHostRegister_v2(void* memory, size_t bytes, unsigned) {
    Guard guard(lock);
    pinned_blocks[reinterpret_cast<Address>(memory)] = bytes;
    return success;
}
API cuMemHostUnregister(void* memory) {
    Guard guard(lock);
    finish();
    pinned_blocks.erase(reinterpret_cast<Address>(memory));
    return first_error;
}

API cuMemcpyHtoDAsync_v2(Address target, const void* source, size_t bytes, void* stream) {
    Guard guard(lock);
    Address from = reinterpret_cast<Address>(source);
    if (inside(pinned_blocks, from, bytes)) {
        return enqueue(stream, [=] { return copy(target, from, bytes, true, false); });
    }
    if (of(stream).capture) {
        return stream_capture_unsupported;
    }
    auto kept = std::make_shared<std::vector<char>>(static_cast<const char*>(source), static_cast<const char*>(source) + bytes);
    return enqueue(stream, [=] { return copy(target, reinterpret_cast<Address>(kept->data()), bytes, true, false); });
}
API cuMemcpyDtoHAsync_v2(void* target, Address source, size_t bytes, void* stream) {
    Guard guard(lock);
    Address to = reinterpret_cast<Address>(target);
    bool pinned = inside(pinned_blocks, to, bytes);
    if (!pinned && of(stream).capture) {
        return stream_capture_unsupported;
    }
    int result = enqueue(stream, [=] { return copy(to, source, bytes, false, true); });
    return pinned ? result : finish();
}
API cuMemcpyDtoDAsync_v2(Address target, Address source, size_t bytes, void* stream) {
    Guard guard(lock);
    return enqueue(stream, [=] { return copy(target, source, bytes, true, true); });
}
API cuMemcpyHtoD_v2(Address target, const void* source, size_t bytes) {
    Guard guard(lock);
    int result = finish();
    return result != success ? result : copy(target, reinterpret_cast<Address>(source), bytes, true, false);
}
API cuMemcpyDtoH_v2(void* target, Address source, size_t bytes) {
    Guard guard(lock);
    int result = finish();
    return result != success ? result : copy(reinterpret_cast<Address>(target), source, bytes, false, true);
}
API cuMemcpyDtoD_v2(Address target, Address source, size_t bytes) { return cuMemcpyDtoDAsync_v2(target, source, bytes, nullptr); }

API cuMemsetD8Async(Address target, unsigned char value, size_t count, void* stream) {
    Guard guard(lock);
    return enqueue(stream, [=] { return fill(target, value, count); });
}
API cuMemsetD16Async(Address target, unsigned short value, size_t count, void* stream) {
    Guard guard(lock);
    return enqueue(stream, [=] { return fill(target, value, count); });
}
API cuMemsetD32Async(Address target, unsigned value, size_t count, void* stream) {
    Guard guard(lock);
    return enqueue(stream, [=] { return fill(target, value, count); });
}
API cuMemsetD8_v2(Address target, unsigned char value, size_t count) { return cuMemsetD8Async(target, value, count, nullptr); }
API cuMemsetD16_v2(Address target, unsigned short value, size_t count) { return cuMemsetD16Async(target, value, count, nullptr); }
API cuMemsetD32_v2(Address target, unsigned value, size_t count) { return cuMemsetD32Async(target, value, count, nullptr); }

API cuStreamCreate(void** stream, unsigned) { return *stream = new Stream, success; }
API cuStreamCreateWithPriority(void** stream, unsigned flags, int) { return cuStreamCreate(stream, flags); }
API cuStreamDestroy_v2(void* stream) {
    Guard guard(lock);
    int result = finish();
    delete static_cast<Stream*>(stream);
    return result;
}
API cuStreamSynchronize(void* stream) {
    Guard guard(lock);
    return of(stream).capture ? int(stream_capture_unsupported) : finish();
}
API cuStreamQuery(void*) {
    Guard guard(lock);
    return finish();
}
API cuStreamWaitEvent(void*, void*, unsigned) { return success; }  // all streams are one queue

API cuEventCreate(void** event, unsigned) { return *event = new Event, success; }
API cuEventDestroy_v2(void* event) {
    Guard guard(lock);
    int result = finish();
    delete static_cast<Event*>(event);
    return result;
}
API cuEventRecord(void* event, void* stream) {
    Guard guard(lock);
    return enqueue(stream, [event] {
        timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        static_cast<Event*>(event)->seconds = double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
        return int(success);
    });
}
API cuEventSynchronize(void*) {
    Guard guard(lock);
    return finish();
}
API cuEventQuery(void*) {
    Guard guard(lock);
    return finish();
}
API cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    Guard guard(lock);
    *milliseconds = float(1e3 * (static_cast<Event*>(end)->seconds - static_cast<Event*>(start)->seconds));
    return success;
}

API cuModuleLoad(void** module, const char* path) { return load(reinterpret_cast<Module**>(module), path); }
API cuModuleLoadData(void** module, const void* image) {
    if (memcmp(image, "\177ELF", 4) != 0) {
        return invalid_image;
    }
    int file = memfd_create("module", MFD_CLOEXEC);
    size_t bytes = elf_bytes(static_cast<const unsigned char*>(image));
    if (file < 0 || write(file, image, bytes) != ssize_t(bytes)) {
        return invalid_image;
    }
    // A number that never comes back: the loader knows libraries by path.
    static int loads = 1000;
    int place = dup2(file, loads++);
    close(file);
    int result = load(reinterpret_cast<Module**>(module), ("/proc/self/fd/" + std::to_string(place)).c_str());
    close(place);
    return result;
}
API cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void**) { return cuModuleLoadData(module, image); }
API cuModuleUnload(void* module) {
    Guard guard(lock);
    int result = finish();
    delete static_cast<Module*>(module);
    return result;
}
API cuModuleGetFunction(void** function, void* module, const char* name) {
    auto* owner = static_cast<Module*>(module);
    auto* kernel = static_cast<const Kernel*>(dlsym(owner->library, name));
    if (kernel == nullptr) {
        return not_found;
    }
    *function = new Function{kernel, owner, name};
    return success;
}
API cuFuncGetAttribute(int* value, int attribute, void* function) {
    auto* asked = static_cast<Function*>(function);
    *value = attribute == 0 ? asked->kernel->max_threads : attribute == 8 ? asked->dynamic_bytes_max : 0;
    return success;
}
API cuFuncSetAttribute(void* function, int attribute, int value) {
    if (attribute == 8 && value > shared_bytes_max) {
        return invalid_value;
    }
    if (attribute == 8) {
        static_cast<Function*>(function)->dynamic_bytes_max = value;
    }
    return success;
}
API cuFuncSetCacheConfig(void*, int) { return success; }
API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) { return *blocks = 1, success; }

API cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                   unsigned dynamic_bytes, void* stream, void** values, void**) {
    Guard guard(lock);
    auto* asked = static_cast<Function*>(function);
    uint64_t threads = uint64_t(block_x) * block_y * block_z;
    bool fits = threads > 0 && threads <= uint64_t(asked->kernel->max_threads) && grid_x > 0 && grid_y > 0 && grid_z > 0 &&
                grid_x <= 0x7FFFFFFF && grid_y <= 65535 && grid_z <= 65535 && int(dynamic_bytes) <= asked->dynamic_bytes_max;
    if (!fits) {
        fprintf(stderr, "stand-in driver: kernel %s: grid %u x %u x %u, %llu threads, %u dynamic bytes are not launchable\n",
                asked->name.c_str(), grid_x, grid_y, grid_z, (unsigned long long)threads, dynamic_bytes);
        return invalid_value;
    }
    std::vector<unsigned char> kept;
    for (int i = 0; i < asked->kernel->parameters; i++) {
        auto* value = static_cast<unsigned char*>(values[i]);
        kept.insert(kept.end(), value, value + asked->kernel->sizes[i]);
        kept.resize(size_t(i + 1) * 8);  // none is larger
    }
    return enqueue(stream, [=] {
        unsigned grid[3] = {grid_x, grid_y, grid_z}, block[3] = {block_x, block_y, block_z};
        return launch(asked, kept, grid, block, dynamic_bytes);
    });
}

API cuStreamBeginCapture_v2(void* stream, int) {
    Guard guard(lock);
    of(stream).capture = std::make_unique<Graph>();
    return success;
}
API cuStreamIsCapturing(void* stream, int* status) { return *status = of(stream).capture ? 1 : 0, success; }
API cuStreamEndCapture(void* stream, void** graph) {
    Guard guard(lock);
    if (!of(stream).capture) {
        return stream_capture_invalidated;
    }
    *graph = of(stream).capture.release();
    return success;
}
API cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
    return *executable = new Graph(*static_cast<Graph*>(graph)), success;
}
API cuGraphUpload(void*, void*) { return success; }
API cuGraphLaunch(void* executable, void* stream) {
    Guard guard(lock);
    for (const Work& work : static_cast<Graph*>(executable)->works) {
        int result = enqueue(stream, work);
        if (result != success) {
            return result;
        }
    }
    return success;
}
API cuGraphDestroy(void* graph) { return delete static_cast<Graph*>(graph), success; }
API cuGraphExecDestroy(void* executable) {
    Guard guard(lock);
    int result = finish();
    delete static_cast<Graph*>(executable);
    return result;
}
API cuGraphGetNodes(void* graph, void**, size_t* count) { return *count = static_cast<Graph*>(graph)->works.size(), success; }
