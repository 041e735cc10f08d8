package io.livegraft.gpu.cpu;

import java.util.Arrays;

/**
 * Attention of single heads; see {@code Backend.attention} for the formulas. Queries come in blocks that meet only the keys one of
 * them sees, from a multiple of {@link #KEYS} on, so that sums over keys are grouped alike whatever the blocks are.
 *
 * @param position of the first query among the keys
 * @param window keys that a query sees
 */
record CausalAttention(int position, int window) {
    private static final int QUERIES = 64;
    private static final int KEYS = 32;

    /** Scores of a block of queries against the keys {@code from} to {@code from + columns}. */
    private record Block(int query, int queries, int from, Matrix scores) {}

    /** The first key to look at for a query at {@code position}: no later than the first that it sees. */
    static int firstKey(int position, int window) {
        return Math.max(0, position + 1 - window) / KEYS * KEYS;
    }

    /** {@code out (count,D) = softmax(q·kᵀ/√D) · v}. */
    void forward(Matrix out, Matrix q, HeadMemory head) {
        for (int query = 0; query < q.rows(); query += QUERIES) {
            Block block = block(query, q.rows(), head.length());
            probabilities(block, q, head);
            PanelSource values = head.values(block.from(), block.scores().columns());
            PanelProduct.run(out.rowBlock(query, block.queries()), block.scores(), values, 1, false);
        }
    }

    /** Sets dq of one query head, and what it adds to dk and dv of its key-value head; of whole sequences. */
    void backward(Matrix dq, Matrix dk, Matrix dv, Matrix dOut, Matrix q, Matrix k, Matrix v) {
        dk.clear();
        dv.clear();
        float scale = scale(q.columns());
        HeadMemory head = new WholeHead(k.transposed(), v);
        for (int query = 0; query < q.rows(); query += QUERIES) {
            Block block = block(query, q.rows(), q.rows());
            Matrix p = block.scores();
            probabilities(block, q, head);
            Matrix upstream = dOut.rowBlock(query, block.queries());
            PanelProduct.run(dv.rowBlock(block.from(), p.columns()), p.transposed(), upstream, 1, true);
            Matrix ds = Matrix.zeros(p.rows(), p.columns());
            PanelProduct.run(ds, upstream, v.rowBlock(block.from(), p.columns()).transposed(), 1, false);
            softmaxBackward(ds, p);
            PanelProduct.run(
                    dq.rowBlock(query, block.queries()), ds, k.rowBlock(block.from(), p.columns()), scale, false);
            PanelProduct.run(
                    dk.rowBlock(block.from(), p.columns()),
                    ds.transposed(),
                    q.rowBlock(query, block.queries()),
                    scale,
                    true);
        }
    }

    /** {@code ds = p · (dp − Σ_k p·dp)} in place of dp; p is zero where nothing is seen. */
    private static void softmaxBackward(Matrix ds, Matrix p) {
        for (int i = 0; i < p.rows(); i++) {
            int row = i * p.columns();
            float projection = (float) InterleavedSum.ofProducts(p.data(), row, ds.data(), row, p.columns());
            for (int j = row; j < row + p.columns(); j++) {
                ds.data()[j] = p.data()[j] * (ds.data()[j] - projection);
            }
        }
    }

    private Block block(int query, int queries, int length) {
        int count = Math.min(QUERIES, queries - query);
        int from = firstKey(position + query, window);
        int to = Math.min(length, position + query + count);
        return new Block(query, count, from, Matrix.zeros(count, to - from));
    }

    /** Row i holds softmax over the window that ends with its own key, and zeros around. */
    private void probabilities(Block block, Matrix q, HeadMemory head) {
        Matrix scores = block.scores();
        Matrix queries = q.rowBlock(block.query(), block.queries());
        PanelSource keys = head.keysTransposed(block.from(), scores.columns());
        PanelProduct.run(scores, queries, keys, scale(q.columns()), false);
        float[] s = scores.data();
        for (int i = 0; i < block.queries(); i++) {
            int row = i * scores.columns();
            int last = position + block.query() + i;
            int end = Math.min(scores.columns(), last + 1 - block.from());
            int first = Math.max(0, last + 1 - window - block.from());
            Arrays.fill(s, row, row + first, 0f);
            Softmax.apply(s, row + first, end - first);
            Arrays.fill(s, row + end, row + scores.columns(), 0f);
        }
    }

    static float scale(int headDim) {
        return (float) (1 / Math.sqrt(headDim));
    }
}
