package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Operand;

/**
 * One part of {@link LowRankProducts}, and what its pieces of rows find for the gradients, one behind the other.
 *
 * @param lanes the rank, up to a multiple of 16
 * @param aPieces (pieces · lanes, in)
 * @param bPieces (pieces · lanes, out)
 * @param factors A and B in tiles
 */
record LowRankPart(LowRankGradient of, int lanes, CpuTensor aPieces, CpuTensor bPieces, LowRankFactors factors) {
    /** Rows of a piece. */
    static final int PIECE = 128;

    static int pieces(LowRankGradient of) {
        return Math.ceilDiv(of.rows(), PIECE);
    }

    static int lanes(LowRankGradient of) {
        return Tiled.strips(of.rank()) * Tiled.STRIP;
    }

    /** Tiles that are summed over for the rank. */
    int steps() {
        return Tiled.steps(of.rank());
    }

    int pieces() {
        return pieces(of);
    }

    Matrix aPiece(int piece) {
        return aPieces.matrix(Operand.PLAIN).rowBlock(piece * lanes, lanes);
    }

    Matrix bPiece(int piece) {
        return bPieces.matrix(Operand.PLAIN).rowBlock(piece * lanes, lanes);
    }

    CpuTensor x() {
        return CpuTensor.of(of.x());
    }

    CpuTensor dx() {
        return CpuTensor.of(of.dx());
    }

    CpuTensor dy() {
        return CpuTensor.of(of.dy());
    }
}
