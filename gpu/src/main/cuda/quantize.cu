// Quantizing frozen weights to the bits of BlockTensor, DoubleQuantization and RowTensor, where the formulas are. What is not
// finite shows in the largest magnitude, which the host looks at.
#include "row.cuh"

// Rises with the magnitude; a NaN's is above that of infinity.
DEVICE unsigned magnitude(float value) { return bits_of_float(value) & 0x7FFFFFFFu; }

// The largest among 2 · distance lanes.
DEVICE unsigned largest_among(unsigned value, int distance) {
    for (; distance > 0; distance /= 2) {
        unsigned other = shuffle_xor(value, distance);
        value = other > value ? other : value;
    }
    return value;
}

// How many of 2^n - 1 ascending cuts are strictly below.
template <int Count>
DEVICE int cuts_below(const float* cuts, float value) {
    int below = 0;
    UNROLL for (int half = (Count + 1) / 2; half > 0; half /= 2) {
        below += cuts[below + half - 1] < value ? half : 0;
    }
    return below;
}

// Blocks of 64 values: 8 lanes have 8 each. Two indices a byte, the first in the high nibble; nibble i of indices is the index
// of values with i of 15 cuts below.
KERNEL(quantize_4bit, const float* values, unsigned* packed, float* absmax, const float* cuts, long long indices, int count) {
    SHARED(float, cut, 16);
    if (threadIdx.x < 15) {
        cut[threadIdx.x] = cuts[threadIdx.x];
    }
    sync_block();
    long long first = (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x) * 8;
    float4 left = load_four(values, first, count, first + 4 <= count);
    float4 right = load_four(values, first + 4, count, first + 8 <= count);
    float x[8] = {left.x, left.y, left.z, left.w, right.x, right.y, right.z, right.w};
    unsigned largest = 0;
    UNROLL for (int i = 0; i < 8; i++) {
        largest = magnitude(x[i]) > largest ? magnitude(x[i]) : largest;
    }
    largest = largest_among(largest, 4);
    float reciprocal = 1.0f / fmaxf(float_of_bits(largest), 1e-38f);
    unsigned word = 0;
    UNROLL for (int i = 0; i < 8; i++) {
        unsigned index = unsigned(indices >> 4 * cuts_below<15>(cut, x[i] * reciprocal)) & 15u;
        word |= (first + i < count ? index : 0) << (i / 2 * 8 + (i & 1 ? 0 : 4));
    }
    if (first < count) {
        packed[first / 8] = word;
        if (threadIdx.x % 8 == 0) {
            absmax[first / 64] = float_of_bits(largest);
        }
    }
}

// A block for each 256 scales; cuts are the 255 midpoints of the map.
KERNEL(quantize_scales, const float* absmax, unsigned char* codes, float* nested, const float* cuts, float offset, int count) {
    SHARED(float, cut, 256);
    if (threadIdx.x < 255) {
        cut[threadIdx.x] = cuts[threadIdx.x];
    }
    int i = int(blockIdx.x * blockDim.x + threadIdx.x);
    float value = i < count ? absmax[i] - offset : 0.0f;
    float largest = block_max(fabsf(value));  // behind its barriers the cuts are there
    if (threadIdx.x == 0) {
        nested[blockIdx.x] = largest;
    }
    if (i < count) {
        codes[i] = static_cast<unsigned char>(cuts_below<255>(cut, value * (1.0f / fmaxf(largest, 1e-38f))));
    }
}

// A warp a row.
KERNEL(largest_of_rows, const float* values, float* absmax, int rows, int columns) {
    int row = int(blockIdx.x) * int(blockDim.x / 32) + warp_id();
    if (row >= rows) {
        return;
    }
    unsigned largest = 0;
    for (int column = lane_id(); column < columns; column += 32) {
        unsigned one = magnitude(values[static_cast<long long>(row) * columns + column]);
        largest = one > largest ? one : largest;
    }
    largest = largest_among(largest, 16);
    if (lane_id() == 0) {
        absmax[row] = float_of_bits(largest);
    }
}

// Into tiles as weight.cuh has them, a warp a tile.
KERNEL(quantize_8bit, const float* values, const float* absmax, uint4* tiles, int rows, int columns) {
    int tile_columns = (columns + 31) / 32;
    long long tile = static_cast<long long>(blockIdx.x) * (blockDim.x / 32) + warp_id();
    if (tile >= static_cast<long long>((rows + 15) / 16) * tile_columns) {
        return;
    }
    int row = int(tile / tile_columns) * 16 + lane_id() / 4;
    int column = int(tile % tile_columns) * 32 + lane_id() % 4 * 8;
    unsigned words[4] = {0, 0, 0, 0};
    UNROLL for (int half = 0; half < 2; half++) {
        int r = row + 8 * half;
        float scale = r < rows ? absmax[r] : 0.0f;
        float factor = scale == 0 ? 0.0f : fminf(127.0f / scale, 3.4028234663852886e38f);
        UNROLL for (int i = 0; i < 8; i++) {
            if (r < rows && column + i < columns) {
                int value = int(rintf(values[static_cast<long long>(r) * columns + column + i] * factor));
                words[2 * half + i / 4] |= (unsigned(value) & 255u) << i % 4 * 8;
            }
        }
    }
    tiles[tile * 32 + lane_id()] = uint4{words[0], words[1], words[2], words[3]};
}
