// Stands in for cuBLAS beside the stand-in driver: what Livegraft calls of it, as plain loops. Sums go down in k, so that a product's bits
// say who made it.
#include <dlfcn.h>

#include <cstdint>
#include <cstring>
#include <memory>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {
enum Status { success = 0, not_initialized = 1, invalid_value = 7, not_supported = 15 };

struct Handle {
    void* stream = nullptr;
    void* workspace = nullptr;
};

struct Product {
    int m, n, k;
    const uint16_t *a, *b;
    int a_stride, b_stride;
    float* c;
    int c_stride;
};

float value(uint16_t bits) {
    uint32_t wide = uint32_t(bits) << 16;
    float result;
    memcpy(&result, &wide, sizeof result);
    return result;
}

int multiply(void* argument) {
    std::unique_ptr<Product> of(static_cast<Product*>(argument));
    for (int column = 0; column < of->n; column++) {
        for (int row = 0; row < of->m; row++) {
            float sum = 0;
            for (int k = of->k - 1; k >= 0; k--) {
                sum += value(of->a[int64_t(row) * of->a_stride + k]) * value(of->b[int64_t(column) * of->b_stride + k]);
            }
            of->c[int64_t(column) * of->c_stride + row] = sum;
        }
    }
    return 0;
}
}  // namespace

API cublasCreate_v2(void** handle) { return *handle = new Handle, success; }
API cublasDestroy_v2(void* handle) {
    delete static_cast<Handle*>(handle);
    return success;
}
API cublasSetStream_v2(void* handle, void* stream) {
    auto* own = static_cast<Handle*>(handle);
    own->stream = stream;
    own->workspace = nullptr;  // as the library's own: a stream begins with a workspace of the library's
    return success;
}
API cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes) {
    static_cast<Handle*>(handle)->workspace = workspace;
    return bytes % 256 == 0 ? success : invalid_value;
}
API cublasGemmEx(void* handle, int a_operation, int b_operation, int m, int n, int k, const void* alpha, const void* a, int a_type, int a_stride,
                 const void* b, int b_type, int b_stride, const void* beta, void* c, int c_type, int c_stride, int compute, int algorithm) {
    auto* own = static_cast<Handle*>(handle);
    if (own->stream == nullptr || own->workspace == nullptr) {
        return not_initialized;
    }
    bool supported = a_operation == 1 && b_operation == 0 && a_type == 14 && b_type == 14 && c_type == 0 && compute == 68 && algorithm == -1 &&
                     *static_cast<const float*>(alpha) == 1 && *static_cast<const float*>(beta) == 0;
    if (!supported) {
        return not_supported;
    }
    if (m < 0 || n < 0 || a_stride < k || b_stride < k || c_stride < m) {
        return invalid_value;
    }
    void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    auto enqueue = reinterpret_cast<int (*)(void*, int (*)(void*), void*)>(driver != nullptr ? dlsym(driver, "standInEnqueue") : nullptr);
    if (enqueue == nullptr) {
        return not_initialized;
    }
    return enqueue(own->stream, multiply,
                   new Product{m, n, k, static_cast<const uint16_t*>(a), static_cast<const uint16_t*>(b), a_stride, b_stride, static_cast<float*>(c), c_stride});
}
