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
 * {@code out[m,k] = bf16(scale · in[m,k])} for whole rows, to nearest even; columns up to a multiple of 32 become zeros.
 */
public final class RoundKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_LONG);
    }

    private static final int COLUMNS = 32;
    private static final int SCALE = 31;
    private static final int LOW_MASK = 1;
    private static final int HIGH_MASK = 2;

    private final MemorySegment code;

    public RoundKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
    }

    /** Rows one behind the other; strides are bytes. */
    public void run(
            MemorySegment in, long inStride, MemorySegment out, long outStride, long rows, int columns, float scale) {
        run(in, inStride, out, outStride, COLUMNS * Short.BYTES, rows, columns, scale);
    }

    /**
     * Runs the code.
     *
     * @param inStride bytes between rows of {@code in}
     * @param outStride bytes between rows of {@code out}
     * @param outStep bytes between 32 columns of a row of {@code out} and the next 32
     */
    public void run(
            MemorySegment in,
            long inStride,
            MemorySegment out,
            long outStride,
            long outStep,
            long rows,
            int columns,
            float scale) {
        try {
            Call.HANDLE.invokeExact(
                    code, in, inStride, out, outStride, rows, whole(columns) + 1L, mask(columns), scale, outStep);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    /** Blocks of 32 before the last. */
    private static int whole(int columns) {
        return (columns - 1) / COLUMNS;
    }

    /** Lanes of the last block of 32, one bit each. */
    static long mask(int columns) {
        return (1L << (columns - whole(columns) * COLUMNS)) - 1;
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        a.broadcast(SCALE, 0);
        a.load(R10, Address.at(RSP, 8));
        masks(a, R10);
        a.load(R10, Address.at(RSP, 16));
        a.push(RBX);
        a.move(RBX, R10);
        Label row = a.label();
        a.move(RAX, RDI);
        a.move(R10, RDX);
        a.move(R11, R9);
        a.add(R11, -1);
        var last = a.jumpIfZero();
        Label block = a.label();
        block(a, 0, 0);
        a.loop(R11, block);
        a.here(last);
        block(a, LOW_MASK, HIGH_MASK);
        a.add(RDI, RSI);
        a.add(RDX, RCX);
        a.loop(R8, row);
        a.pop(RBX);
        a.leave();
        return a;
    }

    /** The lower 16 bits of {@code bits} become one mask, the next 16 the other; {@code bits} is changed. */
    static void masks(Assembler a, Register bits) {
        a.loadMask(LOW_MASK, bits);
        a.shiftRight(bits, COLUMNS / 2);
        a.loadMask(HIGH_MASK, bits);
    }

    /** 32 columns; mask 0 is none. */
    private static void block(Assembler a, int low, int high) {
        load(a, 0, Address.at(RAX, 0), low);
        load(a, 1, Address.at(RAX, PanelKernel.LINE), high);
        a.roundTwo(0, 1, 0);
        a.storeVector(Address.at(R10, 0), 0);
        a.add(RAX, COLUMNS * Float.BYTES);
        a.add(R10, RBX);
    }

    private static void load(Assembler a, int to, Address from, int mask) {
        if (mask == 0) {
            a.loadVector(to, from);
        } else {
            a.loadVector(to, from, mask);
        }
        a.multiplyFloats(to, to, SCALE);
    }

    /** As {@link #load} for the two halves of 32 columns, rounded into {@code to}. */
    static void loadMasked(Assembler a, int to, Register from) {
        load(a, to, Address.at(from, 0), LOW_MASK);
        load(a, to + 1, Address.at(from, PanelKernel.LINE), HIGH_MASK);
        a.roundTwo(to, to + 1, to);
    }

    static void scale(Assembler a) {
        a.broadcast(SCALE, 0);
    }
}
