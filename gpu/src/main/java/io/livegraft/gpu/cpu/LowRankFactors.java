package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Operand;

/**
 * A and B of a low-rank pair as right operands.
 *
 * @param shrink Aᵀ, of {@code x·Aᵀ}
 * @param back A, of {@code dh·A}
 * @param upstream s·B, of {@code dy·B}
 */
record LowRankFactors(Tiled shrink, Tiled back, Tiled upstream) {
    /** Memory that a call's factors are laid into, and the next call's again. */
    record Room(NativeBuffer left, NativeBuffer shrink, NativeBuffer back, NativeBuffer upstream) {
        static Room empty() {
            return new Room(new NativeBuffer(), new NativeBuffer(), new NativeBuffer(), new NativeBuffer());
        }
    }

    static LowRankFactors lay(Room room, TileBlocks tiles, LowRankGradient of) {
        Matrix a = CpuTensor.of(of.a()).matrix(Operand.PLAIN);
        Matrix b = CpuTensor.of(of.b()).matrix(Operand.PLAIN);
        Tiled rows = tiles.left(room.left(), a, 1);
        return new LowRankFactors(
                tiles.turned(room.shrink(), rows, Tiled.strips(a.rows()), Tiled.steps(a.columns())),
                tiles.right(room.back(), a, 1),
                tiles.right(room.upstream(), b, of.scaling()));
    }
}
