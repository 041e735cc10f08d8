package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.cpu.TileBlocks.Both;
import java.util.List;
import java.util.Optional;

/** The way back through low-rank pairs for a piece of rows; see {@link LowRankProducts}. Every thread has its own. */
final class LowRankPiece {
    /** Rows whose operands stay in the cache until they are done with. */
    private static final int ROWS = 64;

    private final TileBlocks tiles;
    private final NativeBuffer xLeft = new NativeBuffer();
    private final NativeBuffer xRight = new NativeBuffer();
    private final NativeBuffer dyLeft = new NativeBuffer();
    private final NativeBuffer dyRight = new NativeBuffer();
    private final NativeBuffer hLeft = new NativeBuffer();
    private final NativeBuffer hRight = new NativeBuffer();
    private final NativeBuffer turned = new NativeBuffer();
    private float[] hidden = new float[0];

    LowRankPiece(ProductKernels kernels) {
        this.tiles = new TileBlocks(kernels);
    }

    TileBlocks tiles() {
        return tiles;
    }

    /** Piece {@code piece} of parts that share dx, in their order. */
    void run(List<LowRankPart> parts, int piece) {
        int end = Math.min(parts.getFirst().of().rows(), (piece + 1) * LowRankPart.PIECE);
        boolean first = true;
        for (int row = piece * LowRankPart.PIECE; row < end; row += ROWS) {
            run(parts, piece, row, Math.min(ROWS, end - row), first);
            first = false;
        }
    }

    private void run(List<LowRankPart> parts, int piece, int row, int count, boolean first) {
        Optional<CpuTensor> laid = Optional.empty();
        Optional<Both> x = Optional.empty();
        for (LowRankPart part : parts) {
            if (x.isEmpty() || !laid.equals(Optional.of(part.x()))) {
                x = Optional.of(tiles.both(xLeft, xRight, rows(part.x(), row, count), 1));
                laid = Optional.of(part.x());
            }
            run(part, piece, x.get(), row, count, !first);
        }
    }

    /** h and its gradient one after the other, since they share their memory. */
    private void run(LowRankPart part, int piece, Both x, int row, int count, boolean add) {
        LowRankFactors factors = part.factors();
        Both dy = tiles.both(dyLeft, dyRight, rows(part.dy(), row, count), 1);
        Matrix h = hidden(count, part.lanes());
        tiles.product(h, x.left(), factors.shrink(), Tiled.steps(part.x().columns()), false);
        Tiled scaled = tiles.right(hRight, h, part.of().scaling());
        sum(part.bPiece(piece), scaled, dy.right(), count, add);
        tiles.product(h, dy.left(), factors.upstream(), Tiled.steps(part.dy().columns()), false);
        Both dh = tiles.both(hLeft, hRight, h, 1);
        sum(part.aPiece(piece), dh.right(), x.right(), count, add);
        Matrix dx = rows(part.dx(), row, count);
        tiles.product(dx, dh.left(), factors.back(), Tiled.steps(part.of().rank()), true);
    }

    /** {@code sum = hᵀ · right}, or added, over {@code count} rows. */
    private void sum(Matrix sum, Tiled h, Tiled right, int count, boolean add) {
        int steps = Tiled.steps(count);
        Tiled left = tiles.turned(turned, h, Tiled.strips(sum.rows()), steps);
        tiles.product(sum, left, right, steps, add);
    }

    private static Matrix rows(CpuTensor tensor, int row, int count) {
        return tensor.rowBlock(row, count).matrix(Operand.PLAIN);
    }

    private Matrix hidden(int rows, int lanes) {
        if (hidden.length < rows * lanes) {
            hidden = new float[rows * lanes];
        }
        return new Matrix(hidden, 0, lanes, 1, rows, lanes);
    }
}
