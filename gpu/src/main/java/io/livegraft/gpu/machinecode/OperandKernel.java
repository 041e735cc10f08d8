package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RBX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Rounds 32 rows of float32 to bfloat16, each element {@code bf16(scale · x)}, and lays them into tiles that {@link BlockKernel} reads:
 * as rows of a left operand (two strips of 16 rows, 32 columns a tile), as rows of a right one (strips of 16 columns, a tile's row p =
 * rows 2p and 2p+1, lane by lane), or as both, read once.
 */
public final class OperandKernel {
    /** What is written. */
    public enum Side {
        LEFT,
        RIGHT,
        BOTH
    }

    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_FLOAT);
    }

    /** Rows, and columns of a block. */
    public static final int SIDE = 32;

    private static final int LINE = PanelKernel.LINE;
    private static final int TILE_ROWS = SIDE / 2;
    private static final int SCALE = 31;
    private static final int EVEN = 0;
    private static final int ODD = 2;
    private static final int ORDER = 4;

    private final Side side;
    private final MemorySegment code;

    public OperandKernel(ExecutableMemory memory, Side side) {
        this.side = side;
        this.code = memory.write(write());
    }

    public Side side() {
        return side;
    }

    /**
     * Runs the code over {@code blocks} of columns.
     *
     * @param rows float32, {@code stride} bytes apart
     * @param left the first of the two strips, {@code leftStrip} bytes apart; not looked at for {@link Side#RIGHT}
     * @param right the first block's strips, each {@code rightStrip} bytes behind the one before; not looked at for {@link Side#LEFT}
     * @param columns of every block, 1 to 32; the others become zeros
     */
    public void run(
            MemorySegment rows,
            long stride,
            MemorySegment left,
            long leftStrip,
            MemorySegment right,
            long rightStrip,
            long blocks,
            int columns,
            Constants constants,
            float scale) {
        long mask = (1L << columns) - 1;
        try {
            Call.HANDLE.invokeExact(
                    code, rows, stride, left, leftStrip, right, rightStrip, blocks, mask, constants.memory(), scale);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.broadcast(SCALE, 0);
        a.load(RAX, Address.at(RSP, 16));
        a.loadMask(1, RAX);
        a.shiftRight(RAX, TILE_ROWS);
        a.loadMask(2, RAX);
        a.load(RAX, Address.at(RSP, 24));
        a.move(R10, RDX);
        a.add(R10, RCX);
        a.move(R11, R8);
        a.add(R11, R9);
        a.shiftLeft(R9, 1);
        a.load(RCX, Address.at(RSP, 8));
        a.push(RBX);
        a.move(RBX, RAX);
        Label block = a.label();
        a.move(RAX, RDI);
        for (int pair = 0; pair < TILE_ROWS; pair++) {
            round(a, EVEN);
            round(a, ODD);
            store(a, pair);
        }
        a.add(RDI, SIDE * Float.BYTES);
        a.add(RDX, StripForm.TILE_BYTES);
        a.add(R10, StripForm.TILE_BYTES);
        a.add(R8, R9);
        a.add(R11, R9);
        a.loop(RCX, block);
        a.pop(RBX);
        a.leave();
        return a;
    }

    /** 32 columns of the next row. */
    private static void round(Assembler a, int to) {
        a.loadVector(to, Address.at(RAX, 0), 1);
        a.loadVector(to + 1, Address.at(RAX, LINE), 2);
        a.multiplyFloats(to, to, SCALE);
        a.multiplyFloats(to + 1, to + 1, SCALE);
        a.roundTwo(to, to + 1, to);
        a.add(RAX, RSI);
    }

    private void store(Assembler a, int pair) {
        if (side != Side.RIGHT) {
            Register strip = pair < TILE_ROWS / 2 ? RDX : R10;
            int row = 2 * pair % TILE_ROWS;
            a.storeVector(Address.at(strip, row * LINE), EVEN);
            a.storeVector(Address.at(strip, (row + 1) * LINE), ODD);
        }
        if (side != Side.LEFT) {
            paired(a, Constants.PAIR_LOW, Address.at(R8, pair * LINE));
            paired(a, Constants.PAIR_HIGH, Address.at(R11, pair * LINE));
        }
    }

    private static void paired(Assembler a, int order, Address to) {
        a.loadVector(ORDER, Address.at(RBX, order));
        a.select16(ORDER, EVEN, ODD);
        a.storeVector(to, ORDER);
    }
}
