// Laying frozen weights out and taking their values back: see weight.cuh.
#include "weight.cuh"

// 16 indices of a row from a column on, zeros beyond the weight.
DEVICE uint2 sixteen(const unsigned char* packed, int row, int column, int rows, int columns) {
    unsigned words[2] = {0, 0};
    for (int i = 0; i < 16; i++) {
        if (row < rows && column + i < columns) {
            long long flat = static_cast<long long>(row) * columns + column + i;
            unsigned index = packed[flat >> 1] >> (flat & 1 ? 0 : 4) & 15u;
            words[i / 8] |= index << ((i & 7) / 2 * 8 + (i & 1 ? 0 : 4));
        }
    }
    return uint2{words[0], words[1]};
}

// packed as bitsandbytes has it, two indices a byte over the flat weight
KERNEL(tile_nibbles, const unsigned char* packed, uint4* tiles, int rows, int columns) {
    int tile_columns = (columns + 63) / 64;
    long long tile = static_cast<long long>(blockIdx.x) * (blockDim.x / 32) + warp_id();
    int row = int(tile / tile_columns) * 16 + lane_id() / 4;
    int column = int(tile % tile_columns) * 64 + lane_id() % 4 * 16;
    if (tile < static_cast<long long>((rows + 15) / 16) * tile_columns) {
        uint2 upper = sixteen(packed, row, column, rows, columns);
        uint2 lower = sixteen(packed, row + 8, column, rows, columns);
        tiles[tile * 32 + lane_id()] = uint4{upper.x, upper.y, lower.x, lower.y};
    }
}

// values by rows, as the file has them
KERNEL(tile_bytes, const signed char* values, uint4* tiles, int rows, int columns) {
    int tile_columns = (columns + 31) / 32;
    long long tile = static_cast<long long>(blockIdx.x) * (blockDim.x / 32) + warp_id();
    if (tile >= static_cast<long long>((rows + 15) / 16) * tile_columns) {
        return;
    }
    int row = int(tile / tile_columns) * 16 + lane_id() / 4;
    int column = int(tile % tile_columns) * 32 + lane_id() % 4 * 8;
    unsigned words[4] = {0, 0, 0, 0};
    for (int i = 0; i < 16; i++) {
        int r = row + i / 8 * 8, c = column + i % 8;
        if (r < rows && c < columns) {
            unsigned value = static_cast<unsigned char>(values[static_cast<long long>(r) * columns + c]);
            words[i / 4] |= value << i % 4 * 8;
        }
    }
    tiles[tile * 32 + lane_id()] = uint4{words[0], words[1], words[2], words[3]};
}

// ordered[tile][row of 16] = flat[block of the row's 64 columns], rows beyond the weight 0; bytes a scale: 1 or 4
KERNEL(order_scales, const unsigned char* flat, unsigned char* ordered, int bytes, int rows, int columns, int block_shift) {
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    int tile_columns = columns / 64;
    if (i >= static_cast<long long>((rows + 15) / 16) * tile_columns * 16) {
        return;
    }
    long long tile = i / 16;
    int row = int(tile / tile_columns) * 16 + int(i % 16);
    long long block = (static_cast<long long>(row) * columns + tile % tile_columns * 64) >> block_shift;
    for (int byte = 0; byte < bytes; byte++) {
        ordered[i * bytes + byte] = row < rows ? flat[block * bytes + byte] : 0;
    }
}

// out (rows, stride) = bf16( levels[index] * absmax ), zeros from column columns on; bitsandbytes' bits
KERNEL(dequantize_4bit, const uint4* tiles, const float* levels, const void* scales, const float* nested, const float* map,
       float offset, int block_shift, int nested_shift, int ordered, bf16* out, int rows, int columns, int stride) {
    SHARED(float, level, 16);
    if (threadIdx.x < 16) {
        level[threadIdx.x] = levels[threadIdx.x];
    }
    sync_block();
    Scales by{scales, nested, map, offset, block_shift, nested_shift, ordered};
    int tile_columns = (columns + 63) / 64;
    long long tile = static_cast<long long>(blockIdx.x) * (blockDim.x / 32) + warp_id();
    if (tile >= static_cast<long long>((rows + 15) / 16) * tile_columns) {
        return;
    }
    uint4 indices = load_once(tiles + tile * 32 + lane_id());
    int column = int(tile % tile_columns) * 64 + lane_id() % 4 * 16;
    UNROLL for (int half = 0; half < 2; half++) {
        int row = int(tile / tile_columns) * 16 + lane_id() / 4 + 8 * half;
        unsigned low = half == 0 ? indices.x : indices.z, high = half == 0 ? indices.y : indices.w;
        if (row >= rows) {
            continue;
        }
        bf16* target = out + static_cast<long long>(row) * stride + column;
        if (ordered || (columns % 16 == 0 && column < columns)) {  // sixteen values of one row and one block
            float absmax = scale_of(by, row, column, columns);
            unsigned words[8];
            UNROLL for (int i = 0; i < 8; i++) {
                words[i] = pack_bf16(level[nibble(low, high, 2 * i)] * absmax, level[nibble(low, high, 2 * i + 1)] * absmax);
            }
            *reinterpret_cast<uint4*>(target) = uint4{words[0], words[1], words[2], words[3]};
            *reinterpret_cast<uint4*>(target + 8) = uint4{words[4], words[5], words[6], words[7]};
            continue;
        }
        for (int i = 0; i < 16 && column + i < stride; i++) {
            bool inside = column + i < columns;
            float absmax = inside ? scale_of(by, row, column + i, columns) : 0.0f;
            target[i] = inside ? to_bf16(level[nibble(low, high, i)] * absmax) : bf16(0);
        }
    }
}

// out (rows, stride) = bf16( value * scale * (1/127) ), zeros from column columns on
KERNEL(dequantize_8bit, const uint4* tiles, const float* scales, bf16* out, int rows, int columns, int stride) {
    int tile_columns = (columns + 31) / 32;
    long long tile = static_cast<long long>(blockIdx.x) * (blockDim.x / 32) + warp_id();
    if (tile >= static_cast<long long>((rows + 15) / 16) * tile_columns) {
        return;
    }
    uint4 values = load_once(tiles + tile * 32 + lane_id());
    int column = int(tile % tile_columns) * 32 + lane_id() % 4 * 8;
    UNROLL for (int half = 0; half < 2; half++) {
        int row = int(tile / tile_columns) * 16 + lane_id() / 4 + 8 * half;
        if (row >= rows || column >= stride) {
            continue;
        }
        float scale = scales[row];
        unsigned words[4];
        UNROLL for (int i = 0; i < 4; i++) {
            unsigned word = i < 2 ? (half == 0 ? values.x : values.z) : (half == 0 ? values.y : values.w);
            float first = float(signed_byte(word, i % 2 * 2)) * scale * (1.0f / 127.0f);
            float second = float(signed_byte(word, i % 2 * 2 + 1)) * scale * (1.0f / 127.0f);
            words[i] = pack_bf16(first, second);
        }
        *reinterpret_cast<uint4*>(out + static_cast<long long>(row) * stride + column) = uint4{words[0], words[1], words[2], words[3]};
    }
}

// y[n] = the row ids[n] of a weight in float32, exactly as it decodes
KERNEL(embed_4bit, const uint4* tiles, const float* levels, const void* scales, const float* nested, const float* map,
       float offset, int block_shift, int nested_shift, int ordered, float* y, const int* ids, int columns) {
    Scales by{scales, nested, map, offset, block_shift, nested_shift, ordered};
    int row = ids[blockIdx.x];
    for (int column = int(threadIdx.x); column < columns; column += int(blockDim.x)) {
        long long tile = static_cast<long long>(row / 16) * ((columns + 63) / 64) + column / 64;
        uint4 lane = tiles[tile * 32 + row % 8 * 4 + column % 64 / 16];
        bool upper = row % 16 < 8;
        int index = nibble(upper ? lane.x : lane.z, upper ? lane.y : lane.w, column % 16);
        y[static_cast<long long>(blockIdx.x) * columns + column] = levels[index] * scale_of(by, row, column, columns);
    }
}
KERNEL(embed_8bit, const signed char* tiles, const float* scales, float* y, const int* ids, int columns) {
    int row = ids[blockIdx.x];
    for (int column = int(threadIdx.x); column < columns; column += int(blockDim.x)) {
        long long tile = static_cast<long long>(row / 16) * ((columns + 31) / 32) + column / 32;
        int byte = (row % 8 * 4 + column % 32 / 8) * 16 + row % 16 / 8 * 8 + column % 8;
        y[static_cast<long long>(blockIdx.x) * columns + column] = float(tiles[tile * 512 + byte]) * scales[row] * (1.0f / 127.0f);
    }
}
KERNEL(embed_bf16, const bf16* table, int stride, float* y, const int* ids, int columns) {
    const bf16* row = table + static_cast<long long>(ids[blockIdx.x]) * stride;
    for (int column = int(threadIdx.x); column < columns; column += int(blockDim.x)) {
        y[static_cast<long long>(blockIdx.x) * columns + column] = to_float(row[column]);
    }
}
KERNEL(embed_fp32, const float* table, float* y, const int* ids, int columns) {
    const float* row = table + static_cast<long long>(ids[blockIdx.x]) * columns;
    for (int column = int(threadIdx.x); column < columns; column += int(blockDim.x)) {
        y[static_cast<long long>(blockIdx.x) * columns + column] = row[column];
    }
}

// out (rows, stride) = bf16( x (rows, columns) ), zeros from column columns on; stride a multiple of 8
KERNEL(round_to_bf16, const float* x, bf16* out, int rows, int columns, int stride) {
    long long i = (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x) * 8;
    if (i >= static_cast<long long>(rows) * stride) {
        return;
    }
    long long row = i / stride;
    int column = int(i % stride);
    const float* source = x + row * columns + column;
    float values[8];
    if (aligned_16(source) && column + 8 <= columns) {
        float4 left = reinterpret_cast<const float4*>(source)[0], right = reinterpret_cast<const float4*>(source)[1];
        values[0] = left.x, values[1] = left.y, values[2] = left.z, values[3] = left.w;
        values[4] = right.x, values[5] = right.y, values[6] = right.z, values[7] = right.w;
    } else {
        UNROLL for (int j = 0; j < 8; j++) {
            values[j] = column + j < columns ? source[j] : 0.0f;
        }
    }
    *reinterpret_cast<uint4*>(out + i) = uint4{pack_bf16(values[0], values[1]), pack_bf16(values[2], values[3]),
                                              pack_bf16(values[4], values[5]), pack_bf16(values[6], values[7])};
}
