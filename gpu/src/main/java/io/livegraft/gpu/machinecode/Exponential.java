package io.livegraft.gpu.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** e^x of 16 floats in the steps of {@code VectorMath.exp}, and so in its bits. */
final class Exponential {
    /** −87, 88 and 1 in all lanes, once {@link #prepare} has run. */
    static final int LEAST = 28;

    static final int MOST = 29;
    static final int ONE = 30;

    /** 1.5 · 2²³: adding it rounds to an integer, which then stands in the lowest bits. */
    private static final float ROUND = 12582912f;

    private static final float[] VALUES = {
        -87f,
        88f,
        1f,
        1.442695f,
        ROUND,
        -0.6933594f,
        0.00021219444f,
        0.00019875691f,
        0.0013981999f,
        0.008333452f,
        0.041665796f,
        0.16666666f,
        0.5f,
        Float.intBitsToFloat(127 - Float.floatToRawIntBits(ROUND))
    };
    /** Indices of {@link #VALUES}. */
    private static final int LOG2_E = 3;

    private static final int ROUNDING = 4;
    private static final int MINUS_LN2_HIGH = 5;
    private static final int MINUS_LN2_LOW = 6;
    /** Of the highest power, and those of the others behind it. */
    private static final int COEFFICIENTS = 7;

    private static final int ORDER = 6;
    /** What makes an exponent's bits of the rounded sum's. */
    private static final int BIAS = 13;

    private static final MemorySegment TABLE = table();

    private Exponential() {}

    private static MemorySegment table() {
        return Arena.ofAuto().allocate((long) Float.BYTES * VALUES.length, 64).copyFrom(MemorySegment.ofArray(VALUES));
    }

    /** Where code finds its constants. */
    static MemorySegment constants() {
        return TABLE;
    }

    /** Loads what every call of {@link #write} needs; {@code table} holds {@link #constants}. */
    static void prepare(Assembler a, Register table) {
        a.broadcast(LEAST, Address.at(table, 0));
        a.broadcast(MOST, Address.at(table, Float.BYTES));
        a.broadcast(ONE, Address.at(table, 2 * Float.BYTES));
    }

    /** {@code x = e^x}; the three registers behind x are changed. */
    static void write(Assembler a, Register table, int x) {
        int power = x + 1;
        int n = x + 2;
        int p = x + 3;
        a.greaterFloats(x, LEAST, x);
        a.lesserFloats(x, MOST, x);
        a.multiplyFloats(n, x, one(table, LOG2_E));
        a.addFloats(n, n, one(table, ROUNDING));
        a.add32(power, n, one(table, BIAS));
        a.shiftLeft32(power, power, 23);
        a.subtractFloats(n, n, one(table, ROUNDING));
        a.multiplyAdd(x, n, one(table, MINUS_LN2_HIGH));
        a.multiplyAdd(x, n, one(table, MINUS_LN2_LOW));
        a.multiplyFloats(p, x, one(table, COEFFICIENTS));
        a.addFloats(p, p, one(table, COEFFICIENTS + 1));
        for (int i = 2; i < ORDER; i++) {
            a.multiplyThenAdd(p, x, one(table, COEFFICIENTS + i));
        }
        a.multiplyFloats(n, x, x);
        a.multiplyThenAdd(p, n, x);
        a.addFloats(p, p, ONE);
        a.multiplyFloats(x, p, power);
    }

    private static Address one(Register table, int index) {
        return Address.broadcast(table, Float.BYTES * index);
    }
}
