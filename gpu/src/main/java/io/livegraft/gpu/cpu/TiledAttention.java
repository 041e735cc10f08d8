package io.livegraft.gpu.cpu;

import io.livegraft.gpu.cpu.TileBlocks.Both;
import java.util.Arrays;

/**
 * Attention of single heads over whole sequences, on tiles; see {@code Backend.attention} for the formulas. Operands are rounded to
 * bfloat16, sums and softmax are float32. The forward pass has the bits of {@link StripAttention}. Every thread has its own.
 *
 * <p>Queries come in blocks of 32 that meet only the keys one of them sees, from a multiple of 32 on.
 */
final class TiledAttention {
    private static final int SIDE = TileBlocks.SIDE;

    /** Queries {@code query} to {@code query + count}, and the keys {@code from} to {@code to} that they meet. */
    private record Block(int query, int count, int from, int to) {
        int keys() {
            return to - from;
        }

        int steps() {
            return Tiled.steps(keys());
        }
    }

    private final TileBlocks tiles;
    private final ElementKernels elements;
    private final NativeBuffer[] rooms = new NativeBuffer[8];
    private final NativeBuffer rows = new NativeBuffer();
    private final NativeBuffer columns = new NativeBuffer();
    private final NativeBuffer turned = new NativeBuffer();
    private float[] scores = new float[0];
    private float[] slopes = new float[0];

    TiledAttention(ProductKernels kernels, ElementKernels elements) {
        this.tiles = new TileBlocks(kernels);
        this.elements = elements;
        Arrays.setAll(rooms, room -> new NativeBuffer());
    }

    /** {@code out = softmax(q·kᵀ/√D) · v}, all (T,D). */
    void forward(Matrix out, Matrix q, Matrix k, Matrix v, int window) {
        Tiled queries = tiles.left(rooms[0], q, CausalAttention.scale(q.columns()));
        Tiled keys = transposed(rooms[1], k);
        Tiled values = tiles.right(rooms[2], v, 1);
        for (int query = 0; query < q.rows(); query += SIDE) {
            Block block = block(query, q.rows(), window);
            Matrix s = scores(block, queries, keys, q.columns());
            for (int i = 0; i < SIDE; i++) {
                softmax(s, block, i, window);
            }
            Tiled p = tiles.left(rows, s, 1);
            Matrix some = out.rowBlock(query, block.count());
            tiles.product(some, p, values.from(0, block.from() / Tiled.STEP), block.steps(), false);
        }
    }

    /** Sets dq of one query head, and what it adds to dk and dv of its key-value head; all (T,D). */
    void backward(Matrix dq, Matrix dk, Matrix dv, Matrix dOut, Matrix q, Matrix k, Matrix v, int window) {
        float scale = CausalAttention.scale(q.columns());
        Both queries = tiles.both(rooms[0], rooms[1], q, scale);
        Both upstream = tiles.both(rooms[2], rooms[3], dOut, 1);
        Tiled keys = transposed(rooms[4], k);
        Tiled values = transposed(rooms[5], v);
        Tiled scaledKeys = tiles.right(rooms[6], k, scale);
        for (int query = 0; query < q.rows(); query += SIDE) {
            Block block = block(query, q.rows(), window);
            Matrix p = scores(block, queries.left(), keys, q.columns());
            Matrix ds = slopes(block, upstream.left(), values, q.columns());
            for (int i = 0; i < SIDE; i++) {
                SoftmaxSlope.row(elements.slope(), p, ds, i, begin(block, i, window), end(block, i));
            }
            int step = query / Tiled.STEP;
            addToKeys(dv, block, p, upstream.right().from(0, step));
            Both slope = tiles.both(rows, columns, ds, 1);
            Matrix some = dq.rowBlock(query, block.count());
            tiles.product(some, slope.left(), scaledKeys.from(0, block.from() / Tiled.STEP), block.steps(), false);
            addToKeys(dk, block, slope.right(), queries.right().from(0, step));
        }
    }

    private static Block block(int query, int length, int window) {
        int count = Math.min(SIDE, length - query);
        return new Block(query, count, CausalAttention.firstKey(query, window), query + SIDE);
    }

    /** Of a matrix by rows, as a right operand. */
    private Tiled transposed(NativeBuffer room, Matrix x) {
        Tiled left = tiles.left(rooms[7], x, 1);
        return tiles.turned(room, left, Tiled.strips(TilePanels.padded(x.rows())), Tiled.steps(x.columns()));
    }

    private Matrix scores(Block block, Tiled queries, Tiled keys, int headDim) {
        if (scores.length < SIDE * block.keys()) {
            scores = new float[SIDE * block.keys()];
        }
        return product(scores, block, queries, keys, headDim);
    }

    /** What the probabilities' gradients are: upstream · vᵀ. */
    private Matrix slopes(Block block, Tiled upstream, Tiled values, int headDim) {
        if (slopes.length < SIDE * block.keys()) {
            slopes = new float[SIDE * block.keys()];
        }
        return product(slopes, block, upstream, values, headDim);
    }

    private Matrix product(float[] sums, Block block, Tiled left, Tiled right, int headDim) {
        Matrix c = new Matrix(sums, 0, block.keys(), 1, SIDE, block.keys());
        Tiled rows = left.from(block.query() / Tiled.STRIP, 0);
        tiles.product(c, rows, right.from(block.from() / Tiled.STRIP, 0), Tiled.steps(headDim), false);
        return c;
    }

    private void addToKeys(Matrix sum, Block block, Matrix part, Tiled right) {
        addToKeys(sum, block, tiles.right(columns, part, 1), right);
    }

    /** {@code sum[keys] += partᵀ · right} over the block's queries; keys that no block before met are set. */
    private void addToKeys(Matrix sum, Block block, Tiled part, Tiled right) {
        Tiled left = tiles.turned(turned, part, Tiled.strips(block.keys()), 1);
        int seen = block.query() - block.from();
        if (seen > 0) {
            tiles.product(sum.rowBlock(block.from(), seen), left, right, 1, true);
        }
        Tiled fresh = left.from(seen / Tiled.STRIP, 0);
        tiles.product(sum.rowBlock(block.query(), block.count()), fresh, right, 1, false);
    }

    private static int begin(Block block, int i, int window) {
        return Math.max(0, block.query() + i + 1 - window - block.from());
    }

    /** Behind the last key that query i of the block sees; rows that aren't there see none. */
    private static int end(Block block, int i) {
        return i < block.count() ? block.query() + i + 1 - block.from() : 0;
    }

    private void softmax(Matrix s, Block block, int i, int window) {
        int row = i * s.columns();
        int end = end(block, i);
        int begin = Math.min(end, begin(block, i, window));
        if (begin < end) {
            Softmax.apply(elements.exponential(), s.data(), row + begin, end - begin);
        }
        SoftmaxSlope.zero(s, row, begin, end);
    }
}
