package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Writes one row of x into {@link ByteBlocks}; where registers have 256 bits the code is {@link NarrowByteRound}'s. */
public final class ByteRoundKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    private static final int LINE = 64;
    private static final int LANES = 16;
    private static final int ONE_LANE = 1;
    /** Steps that bring together what 16 lanes have: halves, quarters, then lanes within a quarter. */
    private static final int HALVES = 0x4E;

    private static final int NEIGHBOURS = 0xB1;

    private static final int LARGEST_OF_ALL = 8;
    private static final int OTHER = 9;
    private static final int SCALE = 10;
    private static final int INVERSE = 11;
    private static final int SUM = 12;
    private static final int ORDER = 16;
    private static final int MAGNITUDE = 17;
    private static final int LARGEST = 18;
    private static final int LEAST = 19;

    private final StripForm form;
    private final MemorySegment code;

    public ByteRoundKernel(ExecutableMemory memory, VectorWidth width, StripForm form) {
        this.form = form;
        this.code = memory.write(
                switch (width) {
                    case WIDE -> write();
                    case NARROW -> new NarrowByteRound(form).write();
                });
    }

    /**
     * Runs the code.
     *
     * @param x the row's columns, float32
     * @param out blocks of {@code rows} rows, of which row {@code m} is written
     * @param blocks of the row
     */
    public void run(MemorySegment x, MemorySegment out, int rows, int m, long blocks, Constants constants) {
        try {
            Call.HANDLE.invokeExact(
                    code,
                    x,
                    out.asSlice((long) m * form.blockInputs()),
                    out.asSlice(ByteBlocks.scale(form, rows, m)),
                    out.asSlice(ByteBlocks.bias(form, rows, m)),
                    blocks,
                    (long) ByteBlocks.blockBytes(form, rows),
                    constants.memory());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(R10, Address.at(RSP, 8));
        Constants.enter(a, R10);
        a.move(RAX, 1);
        a.loadMask(ONE_LANE, RAX);
        a.loadVector(ORDER, Address.at(R10, Constants.WORD_ORDER));
        a.loadVector(MAGNITUDE, Address.at(R10, Constants.MAGNITUDE));
        a.broadcast(LARGEST, Address.at(R10, Constants.LARGEST_BYTE));
        a.broadcast(LEAST, Address.at(R10, Constants.LEAST));
        Label block = a.label();
        magnitude(a);
        a.divideLowest(SCALE, LARGEST_OF_ALL, LARGEST);
        a.divideLowest(INVERSE, LARGEST, LARGEST_OF_ALL);
        a.broadcast(INVERSE, INVERSE);
        a.storeVector(Address.at(RDX, 0), SCALE, ONE_LANE);
        whole(a);
        bias(a);
        a.storeVector(Address.at(RCX, 0), SUM, ONE_LANE);
        a.add(RDI, form.blockInputs() * Float.BYTES);
        a.add(RSI, R9);
        a.add(RDX, R9);
        a.add(RCX, R9);
        a.loop(R8, block);
        Constants.exit(a);
        a.leave();
        return a;
    }

    private int vectors() {
        return form.blockInputs() / LANES;
    }

    /** Loads the block; its largest magnitude in all lanes. Bits of magnitudes are in the order of their values, above them what is no number. */
    private void magnitude(Assembler a) {
        a.and(LARGEST_OF_ALL, LEAST, MAGNITUDE);
        for (int i = 0; i < vectors(); i++) {
            a.loadVector(i, Address.at(RDI, i * LINE));
            a.and(OTHER, i, MAGNITUDE);
            a.greater32(LARGEST_OF_ALL, LARGEST_OF_ALL, OTHER);
        }
        everyLane(a, LARGEST_OF_ALL, () -> a.greater32(LARGEST_OF_ALL, LARGEST_OF_ALL, OTHER));
    }

    private void whole(Assembler a) {
        for (int i = 0; i < vectors(); i++) {
            a.multiplyFloats(i, i, INVERSE);
            a.toWhole(i, i);
            if (i == 0) {
                a.or(SUM, 0, 0);
            } else {
                a.add32(SUM, SUM, i);
            }
            if (form.indices()) {
                a.lookUp32(i, ORDER, i);
            }
            a.storeBytes(Address.at(RSI, i * LANES), i);
        }
    }

    private static void bias(Assembler a) {
        everyLane(a, SUM, () -> a.add32(SUM, SUM, OTHER));
        a.shiftLeft32(SUM, SUM, Integer.numberOfTrailingZeros(Constants.BIAS));
        a.zero(OTHER);
        a.subtract32(SUM, OTHER, SUM);
    }

    /** Joins all lanes of {@code vector} with {@code join}, which takes {@link #OTHER} as its second operand. */
    private static void everyLane(Assembler a, int vector, Runnable join) {
        a.shuffleQuarters(OTHER, vector, vector, HALVES);
        join.run();
        a.shuffleQuarters(OTHER, vector, vector, NEIGHBOURS);
        join.run();
        a.shuffleWithinQuarters(OTHER, vector, HALVES);
        join.run();
        a.shuffleWithinQuarters(OTHER, vector, NEIGHBOURS);
        join.run();
    }
}
