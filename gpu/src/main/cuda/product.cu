// Dense products on tensor cores: c (m,n) = or += scale * op(a) (m,k) * op(b) (k,n), operands bfloat16, sums float32.
// A block makes 128 x 128 of c, 32 deep at a time, with four stages of asynchronous copies; its 8 warps make 64 x 32 each.
// Every sum goes up in k in steps of 16, so that an element's bits depend on its row and column alone.
// An operand's rows are strides of a multiple of 8 long, zeros beyond its columns.
#include "livegraft.cuh"

namespace {
constexpr int side = 128, depth = 32, stages = 4;
constexpr int tile = side * depth;
}  // namespace

// One operand's tile: by_depth where memory runs along k (side rows of depth), else depth rows of side. The 16-byte pieces
// of a row are permuted so that the 8 rows that a warp loads at once lie in different banks.
template <bool ByDepth>
DEVICE int place(int row, int piece) {
    return ByDepth ? row * depth + (piece ^ (row >> 1 & 3)) * 8 : row * side + (piece ^ (row & 7)) * 8;
}

template <bool ByDepth>
DEVICE void load_tile(bf16* target, const bf16* source, int stride, int first, int count, int step, int deep) {
    UNROLL for (int i = 0; i < 2; i++) {
        int n = int(threadIdx.x) + 256 * i;
        int row = ByDepth ? n / 4 : n / 16, piece = ByDepth ? n % 4 : n % 16;
        int line = ByDepth ? first + row : step * depth + row, begin = ByDepth ? step * depth + piece * 8 : first + piece * 8;
        bool inside = line < (ByDepth ? count : deep) && begin < (ByDepth ? deep : count);
        const bf16* from = inside ? source + static_cast<long long>(line) * stride + begin : source;
        copy_async_16(target + place<ByDepth>(row, piece), from, inside ? 16 : 0);
    }
}

// 16 x 16 of an operand as fragments: the outer index (m or n) from outer on, k from 16 * step on. Quarters go up along the
// outer index first for a, along k first for b.
template <bool ByDepth, bool OuterFirst>
DEVICE void load_fragments(unsigned (&fragments)[4], const bf16* source, int outer, int step) {
    int quarter = lane_id() / 8, line = lane_id() % 8;
    int o = outer + (OuterFirst ? quarter & 1 : quarter >> 1) * 8, k = step * 16 + (OuterFirst ? quarter >> 1 : quarter & 1) * 8;
    if (ByDepth) {
        load_matrix_x4(fragments, source + place<true>(o + line, k / 8));
    } else {
        load_matrix_x4_transposed(fragments, source + place<false>(k + line, o / 8));
    }
}

// Blocks go down 8 rows of blocks before they go on to the next column, so that both operands stay in the second cache.
DEVICE void block_place(int rows, int columns, int& row, int& column) {
    int number = int(blockIdx.x), group = number / (8 * columns);
    int height = rows - 8 * group < 8 ? rows - 8 * group : 8;
    row = 8 * group + number % (8 * columns) % height;
    column = number % (8 * columns) / height;
}

template <bool ATransposed, bool BTransposed>
DEVICE void multiply(const bf16* a, int a_stride, const bf16* b, int b_stride, float* c, int m, int n, int k, float scale, int accumulate) {
    DYNAMIC_SHARED(bf16, tiles);
    int block_row, block_column;
    block_place((m + side - 1) / side, (n + side - 1) / side, block_row, block_column);
    int steps = (k + depth - 1) / depth;
    auto load = [&](int step) {
        bf16* stage = tiles + step % stages * 2 * tile;
        load_tile<!ATransposed>(stage, a, a_stride, block_row * side, m, step, k);
        load_tile<BTransposed>(stage + tile, b, b_stride, block_column * side, n, step, k);
    };
    for (int step = 0; step < stages - 1; step++) {
        if (step < steps) {
            load(step);
        }
        commit_copies();
    }
    int row = warp_id() / 4 * 64, column = warp_id() % 4 * 32;
    float sums[4][4][4] = {};
    for (int step = 0; step < steps; step++) {
        wait_copies<stages - 2>();
        sync_block();
        if (step + stages - 1 < steps) {
            load(step + stages - 1);
        }
        commit_copies();
        const bf16* stage = tiles + step % stages * 2 * tile;
        UNROLL for (int inner = 0; inner < depth / 16; inner++) {
            unsigned as[4][4], bs[2][4];
            UNROLL for (int i = 0; i < 4; i++) {
                load_fragments<!ATransposed, true>(as[i], stage, row + 16 * i, inner);
            }
            UNROLL for (int j = 0; j < 2; j++) {
                load_fragments<BTransposed, false>(bs[j], stage + tile, column + 16 * j, inner);
            }
            UNROLL for (int i = 0; i < 4; i++) {
                UNROLL for (int j = 0; j < 4; j++) {
                    unsigned pair[2] = {bs[j / 2][j % 2 * 2], bs[j / 2][j % 2 * 2 + 1]};
                    mma_bf16(sums[i][j], as[i], pair);
                }
            }
        }
    }
    wait_copies<0>();
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int j = 0; j < 4; j++) {
            UNROLL for (int e = 0; e < 4; e++) {
                int y = block_row * side + row + 16 * i + lane_id() / 4 + e / 2 * 8;
                int x = block_column * side + column + 8 * j + lane_id() % 4 * 2 + e % 2;
                if (y < m && x < n) {
                    float* target = c + static_cast<long long>(y) * n + x;
                    *target = accumulate ? fmaf(scale, sums[i][j][e], *target) : scale * sums[i][j][e];
                }
            }
        }
    }
}

#define PRODUCT(name, a_transposed, b_transposed)                                                                           \
    BOUNDED_KERNEL(256, 2, name, const bf16* a, int a_stride, const bf16* b, int b_stride, float* c, int m, int n, int k,   \
                   float scale, int accumulate) {                                                                           \
        multiply<a_transposed, b_transposed>(a, a_stride, b, b_stride, c, m, n, k, scale, accumulate);                      \
    }
PRODUCT(product_plain_plain, false, false)
PRODUCT(product_plain_transposed, false, true)
PRODUCT(product_transposed_plain, true, false)
PRODUCT(product_transposed_transposed, true, true)
