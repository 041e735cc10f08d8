package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;

import io.livegraft.gpu.machinecode.Assembler.Label;

/** {@link ByteRoundKernel} in registers of 256 bits. */
final class NarrowByteRound {
    private static final int BYTES = 32;
    private static final int LANES = 8;
    /** Vectors whose lanes, as bytes, are one. */
    private static final int GROUP = 4;

    private static final int HALVES = 0x4E;
    private static final int NEIGHBOURS = 0xB1;

    private static final int LARGEST_OF_ALL = 8;
    private static final int OTHER = 9;
    private static final int SCALE = 10;
    private static final int INVERSE = 11;
    private static final int SUM = 12;
    private static final int MAGNITUDE = 13;
    private static final int LARGEST = 14;
    private static final int LEAST = 15;

    private final StripForm form;
    private final Assembler a = new Assembler();
    private final NarrowVectors v = new NarrowVectors(a);

    NarrowByteRound(StripForm form) {
        this.form = form;
    }

    Assembler write() {
        a.load(R10, Address.at(RSP, 8));
        Constants.enter(a, R10);
        v.load(MAGNITUDE, Address.at(R10, Constants.MAGNITUDE));
        v.broadcast(LARGEST, Address.at(R10, Constants.LARGEST_BYTE));
        v.broadcast(LEAST, Address.at(R10, Constants.LEAST));
        Label block = a.label();
        magnitude();
        v.divideLowest(SCALE, LARGEST_OF_ALL, LARGEST);
        v.divideLowest(INVERSE, LARGEST, LARGEST_OF_ALL);
        v.broadcast(INVERSE, INVERSE);
        v.storeLowest(Address.at(RDX, 0), SCALE);
        whole();
        bias();
        v.storeLowest(Address.at(RCX, 0), SUM);
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

    private void magnitude() {
        v.and(LARGEST_OF_ALL, LEAST, MAGNITUDE);
        for (int i = 0; i < vectors(); i++) {
            v.load(i, Address.at(RDI, i * BYTES));
            v.and(OTHER, i, MAGNITUDE);
            v.greater32(LARGEST_OF_ALL, LARGEST_OF_ALL, OTHER);
        }
        everyLane(LARGEST_OF_ALL, () -> v.greater32(LARGEST_OF_ALL, LARGEST_OF_ALL, OTHER));
    }

    private void whole() {
        v.zero(SUM);
        for (int i = 0; i < vectors(); i++) {
            v.multiplyFloats(i, i, INVERSE);
            v.toWhole(i, i);
            v.add32(SUM, SUM, i);
        }
        v.load(OTHER, Address.at(R10, Constants.PACKED_ORDER));
        for (int i = 0; i < vectors(); i += GROUP) {
            bytes(i);
        }
    }

    /** The lanes of four vectors, or of two where a block has no more, in the order in which words have them. */
    private void bytes(int first) {
        boolean all = vectors() - first >= GROUP;
        v.narrow32(first, first, first + 1);
        if (all) {
            v.narrow32(first + 2, first + 2, first + 3);
        }
        v.narrow16(first, first, all ? first + 2 : first);
        v.lookUp32(first, OTHER, first);
        if (form.indices()) {
            v.lookUp8(first, first, Address.at(R10, Constants.BYTE_ORDER));
        }
        Address to = Address.at(RSI, first * LANES);
        if (all) {
            v.store(to, first);
        } else {
            v.storeHalf(to, first);
        }
    }

    private void bias() {
        everyLane(SUM, () -> v.add32(SUM, SUM, OTHER));
        v.shiftLeft32(SUM, SUM, Integer.numberOfTrailingZeros(Constants.BIAS));
        v.zero(OTHER);
        v.subtract32(SUM, OTHER, SUM);
    }

    /** Joins all lanes of {@code vector} with {@code join}, which takes {@link #OTHER} as its second operand. */
    private void everyLane(int vector, Runnable join) {
        v.swapHalves(OTHER, vector);
        join.run();
        v.shuffle32(OTHER, vector, HALVES);
        join.run();
        v.shuffle32(OTHER, vector, NEIGHBOURS);
        join.run();
    }
}
