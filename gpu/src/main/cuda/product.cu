// Dense products on tensor cores: c (m,n) = or += scale * op(a) (m,k) * op(b) (k,n), operands bfloat16, sums float32.
// A block makes 128 x 128 of c, 32 deep at a time, with four stages of asynchronous copies; its 8 warps make 64 x 32 each.
// Every sum goes up in k in steps of 16, so that an element's bits depend on its row and column alone. Where rows have adapters
// the same sums go on over their ranks: c = [a | s] * [b | factor], c's rows each with their own adapters' columns.
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
        bool inside = unsigned(line) < unsigned(ByDepth ? count : deep) && begin < (ByDepth ? deep : count);
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

// What a warp does with 32 of k: add(i, j, a, b) for each 16 x 8 of its 64 x 32, 16 of k at a time.
template <bool ATransposed, bool BTransposed, typename Add>
DEVICE void multiply_stage(const bf16* stage, int row, int column, Add add) {
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
                add(i, j, as[i], pair);
            }
        }
    }
}

// Of a warp's sums those inside c: visit(sum, its place). Row and column are the warp's first of c.
template <typename Visit>
DEVICE void each_sum(float (&sums)[4][4][4], float* c, int m, int n, int row, int column, Visit visit) {
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int j = 0; j < 4; j++) {
            UNROLL for (int e = 0; e < 4; e++) {
                int y = row + 16 * i + lane_id() / 4 + e / 2 * 8;
                int x = column + 8 * j + lane_id() % 4 * 2 + e % 2;
                if (y < m && x < n) {
                    visit(sums[i][j][e], c + static_cast<long long>(y) * n + x);
                }
            }
        }
    }
}

// The sums of a block: load(stage, step) fills a stage, multiply(stage, step) uses it up.
template <typename Load, typename Multiply>
DEVICE void run_stages(bf16* tiles, int steps, Load load, Multiply multiply) {
    for (int step = 0; step < stages - 1; step++) {
        if (step < steps) {
            load(tiles + step % stages * 2 * tile, step);
        }
        commit_copies();
    }
    for (int step = 0; step < steps; step++) {
        wait_copies<stages - 2>();
        sync_block();
        if (step + stages - 1 < steps) {
            load(tiles + (step + stages - 1) % stages * 2 * tile, step + stages - 1);
        }
        commit_copies();
        multiply(tiles + step % stages * 2 * tile, step);
    }
    wait_copies<0>();
}

template <bool ATransposed, bool BTransposed>
DEVICE void multiply(const bf16* a, int a_stride, const bf16* b, int b_stride, float* c, int m, int n, int k, float scale, int accumulate) {
    DYNAMIC_SHARED(bf16, tiles);
    int block_row, block_column;
    block_place((m + side - 1) / side, (n + side - 1) / side, block_row, block_column);
    int row = warp_id() / 4 * 64, column = warp_id() % 4 * 32;
    float sums[4][4][4] = {};
    run_stages(
        tiles, (k + depth - 1) / depth,
        [&](bf16* stage, int step) {
            load_tile<!ATransposed>(stage, a, a_stride, block_row * side, m, step, k);
            load_tile<BTransposed>(stage + tile, b, b_stride, block_column * side, n, step, k);
        },
        [&](const bf16* stage, int) {
            multiply_stage<ATransposed, BTransposed>(
                stage, row, column, [&](int i, int j, const unsigned(&x)[4], const unsigned(&y)[2]) { mma_bf16(sums[i][j], x, y); });
        });
    each_sum(sums, c, m, n, block_row * side + row, block_column * side + column, [&](float sum, float* target) {
        *target = accumulate ? fmaf(scale, sum, *target) : scale * sum;
    });
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

namespace {
constexpr int columns_words = 5;

// At most 32 columns of an adapter: rows begin to end of c go on with left (end - begin, deep) * right (n, deep)^T.
struct Columns {
    const bf16* left;
    const bf16* right;
    int left_stride, right_stride, begin, end, deep;
};
}  // namespace

DEVICE int low(long long word) { return int(word); }
DEVICE int high(long long word) { return int(word >> 32); }

DEVICE Columns columns(const long long* words) {
    return Columns{reinterpret_cast<const bf16*>(words[0]), reinterpret_cast<const bf16*>(words[1]), low(words[2]), high(words[2]),
                   low(words[3]), high(words[3]), low(words[4])};
}

// Of the 8 rows of c that this lane has sums of, those between: bit i of row + 8 * i.
DEVICE unsigned rows_between(int row, int begin, int end) {
    unsigned inside = 0;
    UNROLL for (int i = 0; i < 8; i++) {
        inside |= row + 8 * i >= begin && row + 8 * i < end ? 1u << i : 0u;
    }
    return inside;
}

// c (m,n) = a (m,k) * op(b) (k,n), from c's own values on where it goes on, and behind it the columns of adapters: one chain of
// sums. A product of 16 rows that are not all an adapter's is kept in those that are, so that nothing of an adapter, not even
// its NaN, is seen in others' rows. Without k only blocks that have adapters are touched.
//
// The table has a word for each 128 rows of c, its first columns and the end of them, and then the columns, 5 words each.
template <bool BTransposed>
DEVICE void multiply_adapted(const bf16* a, int a_stride, const bf16* b, int b_stride, float* c, int m, int n, int k, int goes_on,
                             const long long* table) {
    DYNAMIC_SHARED(bf16, tiles);
    int block_row, block_column;
    block_place((m + side - 1) / side, (n + side - 1) / side, block_row, block_column);
    if (k == 0 && low(table[block_row]) == high(table[block_row])) {
        return;
    }
    int row = warp_id() / 4 * 64, column = warp_id() % 4 * 32;
    float sums[4][4][4] = {};
    if (goes_on) {
        each_sum(sums, c, m, n, block_row * side + row, block_column * side + column, [](float& sum, float* from) { sum = *from; });
    }
    run_stages(
        tiles, (k + depth - 1) / depth,
        [&](bf16* stage, int step) {
            load_tile<true>(stage, a, a_stride, block_row * side, m, step, k);
            load_tile<BTransposed>(stage + tile, b, b_stride, block_column * side, n, step, k);
        },
        [&](const bf16* stage, int) {
            multiply_stage<false, BTransposed>(
                stage, row, column, [&](int i, int j, const unsigned(&x)[4], const unsigned(&y)[2]) { mma_bf16(sums[i][j], x, y); });
        });
    long long range = table[block_row];
    const long long* own = table + (m + side - 1) / side + low(range) * columns_words;
    for (int left = high(range) - low(range); left > 0; left -= stages) {
        int some = left < stages ? left : stages;
        sync_block();
        ONE_BY_ONE for (int step = 0; step < some; step++) {
            Columns of = columns(own + step * columns_words);
            bf16* stage = tiles + step * 2 * tile;
            load_tile<true>(stage, of.left, of.left_stride, block_row * side - of.begin, of.end - of.begin, 0, of.deep);
            load_tile<true>(stage + tile, of.right, of.right_stride, block_column * side, n, 0, of.deep);
        }
        commit_copies();
        wait_copies<0>();
        sync_block();
        ONE_BY_ONE for (int step = 0; step < some; step++, own += columns_words) {
            unsigned inside = rows_between(block_row * side + row + lane_id() / 4, low(own[3]), high(own[3]));
            const bf16* stage = tiles + step * 2 * tile;
            multiply_stage<false, true>(stage, row, column, [&](int i, int j, const unsigned(&x)[4], const unsigned(&y)[2]) {
                float next[4] = {sums[i][j][0], sums[i][j][1], sums[i][j][2], sums[i][j][3]};
                mma_bf16(next, x, y);
                UNROLL for (int e = 0; e < 4; e++) {
                    sums[i][j][e] = inside >> (2 * i + e / 2) & 1 ? next[e] : sums[i][j][e];
                }
            });
        }
    }
    each_sum(sums, c, m, n, block_row * side + row, block_column * side + column, [](float sum, float* target) { *target = sum; });
}

#define ADAPTED(name, b_transposed)                                                                                        \
    BOUNDED_KERNEL(256, 2, name, const bf16* a, int a_stride, const bf16* b, int b_stride, float* c, int m, int n, int k,  \
                   int goes_on, const long long* table) {                                                                  \
        multiply_adapted<b_transposed>(a, a_stride, b, b_stride, c, m, n, k, goes_on, table);                              \
    }
ADAPTED(product_adapted, true)
ADAPTED(product_adapted_backward, false)
