// Frozen weights (out, in) on the card.
//
// 4 bits: tiles of 16 rows x 64 columns, by rows of tiles, 512 bytes each. Lane l of a warp owns 16 bytes of a tile: 16
// indices of row l / 4 from column 16 (l % 4) on, then as many of the row 8 below; an even column is a byte's high nibble.
// 8 bits: the same with tiles of 16 x 32 and 8 values from column 8 (l % 4) on. Both are zeros beyond the weight's sides.
// Scales of 4-bit weights follow the tiles, 16 a tile, one for each row, where no tile of a row has two (ordered); else
// they lie as the file has them, one for each block of the flat weight.
// bfloat16: by rows, whose length is a multiple of 32; zeros beyond the weight's columns.
#pragma once
#include "livegraft.cuh"

struct Scales {
    const void* values;   // float32, or codes of 8 bits into map
    const float* nested;  // scales of the codes
    const float* map;
    float offset;
    int block_shift;   // values a scale, as a power of two
    int nested_shift;  // codes a nested scale, as a power of two; -1 where there are none
    int ordered;
};

DEVICE long long scale_place(const Scales& scales, int row, int column, int columns) {
    long long flat = (static_cast<long long>(row) * columns + column) >> scales.block_shift;
    return scales.ordered ? (static_cast<long long>(row >> 4) * (columns >> 6) + (column >> 6)) * 16 + (row & 15) : flat;
}

// absmax = map[code] * nested + offset, each step rounded.
DEVICE float scale_of(const Scales& scales, int row, int column, int columns) {
    long long place = scale_place(scales, row, column, columns);
    if (scales.nested_shift < 0) {
        return static_cast<const float*>(scales.values)[place];
    }
    long long block = (static_cast<long long>(row) * columns + column) >> scales.block_shift;
    float outer = scales.nested[block >> scales.nested_shift];
    float product = scales.map[static_cast<const unsigned char*>(scales.values)[place]] * outer;
    return product + scales.offset;
}

// Index i, 0 to 15, of a lane's half of a tile.
DEVICE int nibble(unsigned low, unsigned high, int i) {
    unsigned word = i < 8 ? low : high;
    return int(word >> ((i & 7) / 2 * 8 + (i & 1 ? 0 : 4)) & 15);
}
DEVICE int signed_byte(unsigned word, int i) { return int(static_cast<signed char>(word >> 8 * i & 255)); }
