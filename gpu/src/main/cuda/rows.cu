// A few rows times frozen weights or adapters: y (count, rows) = or += scale * x (count, columns) * W (rows, columns)^T.
// What a decoded token costs is reading W once, so the weight is the side of 16 of the tensor cores' product and the rows
// of x the side of 8. x is rounded to bfloat16; of 4 bits the levels are, and a block's scale multiplies its float32 sum.
//
// A launch does several jobs, one for each weight or adapter; a job is 16 words of 64 bits. The 8 warps of a block share the
// columns of 16 rows of W in 8 fixed slices, whose sums are added in their order, or, where W has few columns, take 16 rows
// each. So an element's bits depend on its own row of x and on W's shape, never on how many rows there are.
#include "weight.cuh"

namespace {
constexpr int job_words = 16;
constexpr int few_columns = 128;

struct Job {
    const void* weight;
    const void* x;
    float* y;
    int rows, columns, count, weight_stride, x_stride, accumulate;
    float scale;
    const float* levels;
    Scales scales;
};
}  // namespace

template <typename T>
DEVICE T* pointer(long long word) {
    return reinterpret_cast<T*>(word);
}

DEVICE Job job(const long long* words) {
    Scales scales{pointer<const void>(words[10]),
                  pointer<const float>(words[11]),
                  pointer<const float>(words[12]),
                  float_of_bits(unsigned(words[13])),
                  int(words[14] & 255),
                  int(words[14] >> 8) - 1,
                  1};
    return Job{pointer<const void>(words[0]), pointer<const void>(words[1]), pointer<float>(words[2]),
               int(words[3]),                 int(words[4]),                 int(words[5]),
               int(words[6]),                 int(words[8]),                 int(words[7] >> 32),
               float_of_bits(unsigned(words[7])), pointer<const float>(words[9]), scales};
}

// The forms: chunk columns are loaded at once as Load; fragment(step) is the tensor cores' a of 16 columns. A lane owns a
// quarter of a chunk's columns, the same of both its rows and of x.
struct FourBits {
    static constexpr int chunk = 64;
    static constexpr bool scaled = true;
    struct Load {
        uint4 indices;
        float scales[2];
    };
    const Job& of;
    const unsigned* pairs;

    DEVICE_MEMBER void load(Load& target, int row, int step) const {
        int width = of.columns / 64;
        target.indices = load_once(static_cast<const uint4*>(of.weight) + (static_cast<long long>(row / 16) * width + step) * 32 + lane_id());
        UNROLL for (int half = 0; half < 2; half++) {
            target.scales[half] = scale_of(of.scales, row + lane_id() / 4 + 8 * half, step * 64, of.columns);
        }
    }
    DEVICE_MEMBER unsigned pair(unsigned word, int byte) const { return pairs[(word >> 8 * byte & 255) * 32 + lane_id()]; }
    DEVICE_MEMBER void fragment(unsigned (&a)[4], const Load& from, int step) const {
        unsigned upper = step < 2 ? from.indices.x : from.indices.y, lower = step < 2 ? from.indices.z : from.indices.w;
        a[0] = pair(upper, step % 2 * 2);
        a[1] = pair(lower, step % 2 * 2);
        a[2] = pair(upper, step % 2 * 2 + 1);
        a[3] = pair(lower, step % 2 * 2 + 1);
    }
};

struct EightBits {
    static constexpr int chunk = 32;
    static constexpr bool scaled = false;
    struct Load {
        uint4 values;
    };
    const Job& of;
    const unsigned* pairs;

    DEVICE_MEMBER void load(Load& target, int row, int step) const {
        int width = (of.columns + 31) / 32;
        target.values = load_once(static_cast<const uint4*>(of.weight) + (static_cast<long long>(row / 16) * width + step) * 32 + lane_id());
    }
    // Whole numbers up to 128 are exact in bfloat16.
    DEVICE_MEMBER unsigned pair(unsigned word, int byte) const {
        return pack_bf16(float(signed_byte(word, byte)), float(signed_byte(word, byte + 1)));
    }
    DEVICE_MEMBER void fragment(unsigned (&a)[4], const Load& from, int step) const {
        unsigned upper = step == 0 ? from.values.x : from.values.y, lower = step == 0 ? from.values.z : from.values.w;
        a[0] = pair(upper, 0);
        a[1] = pair(lower, 0);
        a[2] = pair(upper, 2);
        a[3] = pair(lower, 2);
    }
};

struct Bfloat16 {
    static constexpr int chunk = 32;
    static constexpr bool scaled = false;
    struct Load {
        uint4 rows[2];
    };
    const Job& of;
    const unsigned* pairs;

    DEVICE_MEMBER void load(Load& target, int row, int step) const {
        UNROLL for (int half = 0; half < 2; half++) {
            int own = row + lane_id() / 4 + 8 * half;
            long long from = static_cast<long long>(own < of.rows ? own : 0) * of.weight_stride + step * 32 + lane_id() % 4 * 8;
            target.rows[half] = load_once(static_cast<const bf16*>(of.weight) + from);
        }
    }
    DEVICE_MEMBER void fragment(unsigned (&a)[4], const Load& from, int step) const {
        a[0] = step == 0 ? from.rows[0].x : from.rows[0].z;
        a[1] = step == 0 ? from.rows[1].x : from.rows[1].z;
        a[2] = step == 0 ? from.rows[0].y : from.rows[0].w;
        a[3] = step == 0 ? from.rows[1].y : from.rows[1].w;
    }
};

// Eight values of a row from a column on, rounded; zeros beyond the row's end.
DEVICE uint4 eight(const float* row, int column, int columns, bool vectors) {
    float v[8];
    if (vectors && column + 8 <= columns) {
        float4 left = *reinterpret_cast<const float4*>(row + column), right = *reinterpret_cast<const float4*>(row + column + 4);
        v[0] = left.x, v[1] = left.y, v[2] = left.z, v[3] = left.w;
        v[4] = right.x, v[5] = right.y, v[6] = right.z, v[7] = right.w;
    } else {
        UNROLL for (int i = 0; i < 8; i++) {
            v[i] = column + i < columns ? row[column + i] : 0.0f;
        }
    }
    return uint4{pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]), pack_bf16(v[4], v[5]), pack_bf16(v[6], v[7])};
}

// Float32 that is rounded as it is read: an adapter in training.
struct Float32 {
    static constexpr int chunk = 32;
    static constexpr bool scaled = false;
    using Load = Bfloat16::Load;
    const Job& of;
    const unsigned* pairs;

    DEVICE_MEMBER void load(Load& target, int row, int step) const {
        bool vectors = aligned_16(of.weight) && of.weight_stride % 4 == 0;
        UNROLL for (int half = 0; half < 2; half++) {
            int own = row + lane_id() / 4 + 8 * half;
            const float* from = static_cast<const float*>(of.weight) + static_cast<long long>(own < of.rows ? own : 0) * of.weight_stride;
            target.rows[half] = eight(from, step * 32 + lane_id() % 4 * 8, of.columns, vectors);
        }
    }
    DEVICE_MEMBER void fragment(unsigned (&a)[4], const Load& from, int step) const { Bfloat16{of, pairs}.fragment(a, from, step); }
};

// Of each byte its two levels, the high nibble's first, once for each bank: a warp's lookups never meet.
DEVICE void fill_pairs(unsigned* pairs, const float* levels) {
    int byte = int(threadIdx.x);
    unsigned own = pack_bf16(levels[byte >> 4], levels[byte & 15]);
    UNROLL for (int i = 0; i < 8; i++) {
        int entry = i * 4 + lane_id() / 8;
        unsigned pair = shuffle(own, entry);
        *reinterpret_cast<uint4*>(pairs + ((warp_id() * 32 + entry) * 32 + lane_id() % 8 * 4)) = uint4{pair, pair, pair, pair};
    }
}

// A lane's columns of a chunk of one row of x: words of two.
template <int Words, bool Packed>
DEVICE void load_x(unsigned (&words)[Words], const Job& of, int row, int column, bool vectors) {
    UNROLL for (int i = 0; i < Words / 4; i++) {
        uint4 part = Packed ? *reinterpret_cast<const uint4*>(static_cast<const bf16*>(of.x) + static_cast<long long>(row) * of.x_stride + column + 8 * i)
                            : eight(static_cast<const float*>(of.x) + static_cast<long long>(row) * of.x_stride, column + 8 * i, of.columns, vectors);
        words[4 * i] = part.x, words[4 * i + 1] = part.y, words[4 * i + 2] = part.z, words[4 * i + 3] = part.w;
    }
}

template <typename Form, int Tiles, bool Packed>
DEVICE void add_chunk(float (&sums)[Tiles][4], const Form& form, const typename Form::Load& from, const Job& of, int x_row, int step, bool vectors) {
    constexpr int words = Form::chunk / 8;
    UNROLL for (int j = 0; j < Tiles; j++) {
        unsigned x[words];
        int row = x_row + 8 * j + lane_id() / 4;
        load_x<words, Packed>(x, of, row < of.count ? row : of.count - 1, step * Form::chunk + lane_id() % 4 * (Form::chunk / 4), vectors);
        float block[4] = {};
        UNROLL for (int inner = 0; inner < Form::chunk / 16; inner++) {
            unsigned a[4], b[2] = {x[2 * inner], x[2 * inner + 1]};
            form.fragment(a, from, inner);
            if (Form::scaled) {
                mma_bf16(block, a, b);
            } else {
                mma_bf16(sums[j], a, b);
            }
        }
        if constexpr (Form::scaled) {
            UNROLL for (int e = 0; e < 4; e++) {
                sums[j][e] = fmaf(from.scales[e / 2], block[e], sums[j][e]);
            }
        }
    }
}

template <typename Form>
DEVICE void store(const Job& of, int row, int x_row, float sum) {
    if (row < of.rows && x_row < of.count) {
        float scale = of.scale;
        if constexpr (sizeof(typename Form::Load) == 16) {
            scale *= static_cast<const float*>(of.scales.values)[row] * (1.0f / 127.0f);
        }
        float* target = of.y + static_cast<long long>(x_row) * of.rows + row;
        *target = of.accumulate ? fmaf(scale, sum, *target) : scale * sum;
    }
}

template <typename Form, int Tiles, bool Packed>
DEVICE void multiply_rows(const long long* table) {
    SHARED(unsigned, pairs, Form::scaled ? 256 * 32 : 4);
    SHARED(float, partial, 8 * 32 * 4);
    Job of = job(table + blockIdx.z * job_words);
    int slices = of.columns <= few_columns ? 1 : 8;
    int row = (int(blockIdx.x) * (8 / slices) + (slices == 1 ? warp_id() : 0)) * 16;
    int x_row = int(blockIdx.y) * 8 * Tiles;
    if (int(blockIdx.x) * (8 / slices) * 16 >= of.rows || x_row >= of.count) {
        return;
    }
    Form form{of, pairs};
    int chunks = (of.columns + Form::chunk - 1) / Form::chunk;
    int length = (chunks + slices - 1) / slices;
    int step = slices == 1 ? 0 : warp_id() * length;
    int end = step + length < chunks ? step + length : chunks;
    end = row < of.rows ? end : 0;
    bool vectors = aligned_16(of.x) && of.x_stride % 4 == 0;
    // Two chunks are under way while two are multiplied.
    typename Form::Load now[2], next[2];
    UNROLL for (int i = 0; i < 2; i++) {
        if (step + i < end) {
            form.load(now[i], row, step + i);
        }
    }
    if constexpr (Form::scaled) {
        fill_pairs(pairs, of.levels);
        sync_block();
    }
    float sums[Tiles][4] = {};
    for (; step < end; step += 2) {
        UNROLL for (int i = 0; i < 2; i++) {
            if (step + 2 + i < end) {
                form.load(next[i], row, step + 2 + i);
            }
        }
        UNROLL for (int i = 0; i < 2; i++) {
            if (step + i < end) {
                add_chunk<Form, Tiles, Packed>(sums, form, now[i], of, x_row, step + i, vectors);
            }
        }
        now[0] = next[0];
        now[1] = next[1];
    }
    UNROLL for (int j = 0; j < Tiles; j++) {
        if (slices == 1) {
            UNROLL for (int e = 0; e < 4; e++) {
                store<Form>(of, row + lane_id() / 4 + e / 2 * 8, x_row + 8 * j + lane_id() % 4 * 2 + e % 2, sums[j][e]);
            }
            continue;
        }
        sync_block();
        *reinterpret_cast<float4*>(partial + int(threadIdx.x) * 4) = float4{sums[j][0], sums[j][1], sums[j][2], sums[j][3]};
        sync_block();
        if (threadIdx.x < 128) {
            int r = int(threadIdx.x) % 16, c = int(threadIdx.x) / 16;
            int place = (r % 8 * 4 + c / 2) * 4 + r / 8 * 2 + c % 2;
            float sum = partial[place];
            UNROLL for (int slice = 1; slice < 8; slice++) {
                sum += partial[slice * 128 + place];
            }
            store<Form>(of, row + r, x_row + 8 * j + c, sum);
        }
    }
}

#define ROWS(name, form, tiles, packed) \
    KERNEL(name, const long long* table) { multiply_rows<form, tiles, packed>(table); }
ROWS(rows_4bit_8, FourBits, 1, false)
ROWS(rows_4bit_16, FourBits, 2, true)
ROWS(rows_4bit_32, FourBits, 4, true)
ROWS(rows_4bit_64, FourBits, 8, true)
ROWS(rows_8bit_8, EightBits, 1, false)
ROWS(rows_8bit_16, EightBits, 2, true)
ROWS(rows_8bit_32, EightBits, 4, true)
ROWS(rows_8bit_64, EightBits, 8, true)
ROWS(rows_bf16_8, Bfloat16, 1, false)
ROWS(rows_bf16_16, Bfloat16, 2, true)
ROWS(rows_bf16_32, Bfloat16, 4, true)
ROWS(rows_bf16_64, Bfloat16, 8, true)
ROWS(rows_adapter_8, Bfloat16, 1, false)
ROWS(rows_adapter_64, Bfloat16, 8, false)
ROWS(rows_trained_8, Float32, 1, false)
ROWS(rows_trained_64, Float32, 8, false)
