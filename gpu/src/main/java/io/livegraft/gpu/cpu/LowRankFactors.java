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

    /** So many tasks lay a pair's factors: what is made of A and then turned, and what is laid as it is. */
    static final int TASKS = 2;

    /** Task {@code task} of a pair. */
    static void lay(int task, Room room, TileBlocks tiles, LowRankGradient of) {
        Matrix a = CpuTensor.of(of.a()).matrix(Operand.PLAIN);
        if (task == 0) {
            tiles.turned(
                    room.shrink(), tiles.left(room.left(), a, 1), Tiled.strips(a.rows()), Tiled.steps(a.columns()));
        } else {
            tiles.right(room.back(), a, 1);
            tiles.right(room.upstream(), CpuTensor.of(of.b()).matrix(Operand.PLAIN), of.scaling());
        }
    }

    /** Once all tasks are done. */
    static LowRankFactors laid(Room room, LowRankGradient of) {
        int in = of.a().columns();
        int out = of.b().rows();
        return new LowRankFactors(
                Tiled.in(room.shrink(), Tiled.strips(of.rank()), Tiled.steps(in)),
                Tiled.in(room.back(), Tiled.strips(in), Tiled.steps(of.rank())),
                Tiled.in(room.upstream(), Tiled.strips(of.rank()), Tiled.steps(out)));
    }
}
