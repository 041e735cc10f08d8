package io.livegraft.gpu.machinecode;

import java.util.function.IntConsumer;

/** Floats in blocks of 16, of which the last may lack some: loops of element-wise code. */
final class Lanes {
    private static final int LANES = 16;
    private static final int BYTES = LANES * Float.BYTES;
    private static final int LAST = 1;

    private Lanes() {}

    /** Blocks of at least one element, the last included. */
    static long blocks(int count) {
        return Math.ceilDiv(count, LANES);
    }

    /** The last block's lanes, one bit each. */
    static long mask(int count) {
        return (1L << (count - (blocks(count) - 1) * LANES)) - 1;
    }

    /**
     * Writes {@code body} twice: for whole blocks, with mask 0, and for the last.
     *
     * @param blocks holds {@link #blocks} and is changed
     * @param mask holds {@link #mask}
     */
    static void each(Assembler a, Register blocks, Register mask, IntConsumer body) {
        a.loadMask(LAST, mask);
        a.add(blocks, -1);
        var last = a.jumpIfZero();
        Assembler.Label block = a.label();
        body.accept(0);
        a.loop(blocks, block);
        a.here(last);
        body.accept(LAST);
    }

    /** Zeros in lanes that the mask leaves out. */
    static void load(Assembler a, int to, Register from, int mask) {
        if (mask == 0) {
            a.loadVector(to, Address.at(from, 0));
        } else {
            a.loadVector(to, Address.at(from, 0), mask);
        }
    }

    static void store(Assembler a, Register to, int from, int mask) {
        if (mask == 0) {
            a.storeVector(Address.at(to, 0), from);
        } else {
            a.storeVector(Address.at(to, 0), from, mask);
        }
    }

    /** To the next block. */
    static void next(Assembler a, Register... pointers) {
        for (Register pointer : pointers) {
            a.add(pointer, BYTES);
        }
    }

    /**
     * All lanes of {@code totals} become what {@code combine} makes of all of them.
     *
     * @param turned where it finds the other half, to be combined into {@code totals}
     */
    static void halves(Assembler a, int totals, int turned, Runnable combine) {
        a.shuffleQuarters(turned, totals, totals, 0x4E);
        combine.run();
        a.shuffleQuarters(turned, totals, totals, 0xB1);
        combine.run();
        a.shuffleWithinQuarters(turned, totals, 0x4E);
        combine.run();
        a.shuffleWithinQuarters(turned, totals, 0xB1);
        combine.run();
    }

    /** Adds, in float64, {@code eights} blocks of eight that {@code one} makes into a total each; {@code eights} is changed. */
    static void eights(Assembler a, Register eights, Runnable one) {
        a.add(eights, 0);
        var none = a.jumpIfZero();
        Assembler.Label block = a.label();
        one.run();
        a.loop(eights, block);
        a.here(none);
    }
}
