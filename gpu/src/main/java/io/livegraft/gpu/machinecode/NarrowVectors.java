package io.livegraft.gpu.machinecode;

import io.livegraft.gpu.machinecode.Assembler.Map;
import io.livegraft.gpu.machinecode.Assembler.Prefix;

/**
 * Writes instructions on the 16 vectors of 256 bits (AVX2 and FMA) behind those of an {@link Assembler}. A vector's two halves of 128
 * bits are strangers to most of them: what goes from one to the other says so.
 */
final class NarrowVectors {
    private static final int HALF = 0;
    private static final int WHOLE = 1;

    private final Assembler a;

    NarrowVectors(Assembler a) {
        this.a = a;
    }

    void load(int to, Address from) {
        vex(Prefix.NONE, Map.M0F, 0x10, to, 0, from);
    }

    void store(Address to, int from) {
        vex(Prefix.NONE, Map.M0F, 0x11, from, 0, to);
    }

    /** The lower half. */
    void storeHalf(Address to, int from) {
        a.vex(Prefix.NONE, Map.M0F, 0, HALF, 0x11, from, 0, to);
    }

    /** The upper half. */
    void storeUpperHalf(Address to, int from) {
        vex(Prefix.P66, Map.M0F3A, 0x19, from, 0, to);
        a.choice(1);
    }

    /** The lower half from one place, the upper from another. */
    void loadHalves(int to, Address lower, Address upper) {
        a.vex(Prefix.NONE, Map.M0F, 0, HALF, 0x10, to, 0, lower);
        vex(Prefix.P66, Map.M0F3A, 0x18, to, to, upper);
        a.choice(1);
    }

    /** The lowest lane of 32 bits. */
    void storeLowest(Address to, int from) {
        a.vex(Prefix.PF3, Map.M0F, 0, HALF, 0x11, from, 0, to);
    }

    /** One lane of 32 bits of memory in all lanes. */
    void broadcast(int to, Address from) {
        vex(Prefix.P66, Map.M0F38, 0x18, to, 0, from);
    }

    /** The lowest lane of 32 bits in all lanes. */
    void broadcast(int to, int from) {
        vex(Prefix.P66, Map.M0F38, 0x18, to, 0, from);
    }

    void zero(int vector) {
        vex(Prefix.P66, Map.M0F, 0xEF, vector, vector, vector);
    }

    void and(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0xDB, to, one, other);
    }

    void shiftRight16(int to, int from, int bits) {
        vex(Prefix.P66, Map.M0F, 0x71, 2, to, from);
        a.choice(bits);
    }

    void shiftRight32(int to, int from, int bits) {
        vex(Prefix.P66, Map.M0F, 0x72, 2, to, from);
        a.choice(bits);
    }

    void shiftLeft32(int to, int from, int bits) {
        vex(Prefix.P66, Map.M0F, 0x72, 6, to, from);
        a.choice(bits);
    }

    /** {@code to[i] = table[indices[i]]}, bytes of each half; indices below 16. */
    void lookUp8(int to, int table, int indices) {
        vex(Prefix.P66, Map.M0F38, 0x00, to, table, indices);
    }

    /** As above. */
    void lookUp8(int to, int table, Address indices) {
        vex(Prefix.P66, Map.M0F38, 0x00, to, table, indices);
    }

    /** {@code to[i] = table[indices[i] mod 8]}, lanes of 32 bits, from one half to the other. */
    void lookUp32(int to, int indices, int table) {
        vex(Prefix.P66, Map.M0F38, 0x36, to, indices, table);
    }

    /** Lanes of 32 bits of {@code other} where the highest bit of {@code choice} is set, else of {@code one}. */
    void choose(int to, int one, int other, int choice) {
        vex(Prefix.P66, Map.M0F3A, 0x4A, to, one, other);
        a.choice(choice << 4);
    }

    /** Eight signed bytes as whole numbers of 32 bits. */
    void extendBytes(int to, Address from) {
        vex(Prefix.P66, Map.M0F38, 0x21, to, 0, from);
    }

    /** Four lanes of 64 bits, two bits each, from one half to the other. */
    void shuffle64(int to, Address from, int choice) {
        a.vex(Prefix.P66, Map.M0F3A, 1, WHOLE, 0x00, to, 0, from);
        a.choice(choice);
    }

    /** Four lanes of 32 bits of each half, two bits each. */
    void shuffle32(int to, int from, int choice) {
        vex(Prefix.P66, Map.M0F, 0x70, to, 0, from);
        a.choice(choice);
    }

    /** The upper half, then the lower. */
    void swapHalves(int to, int from) {
        vex(Prefix.P66, Map.M0F3A, 0x46, to, from, from);
        a.choice(1);
    }

    /** Of each half the lower four lanes of 16 bits, one of each in turn. */
    void unpackLow16(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0x61, to, one, other);
    }

    /** Of each half the upper four lanes of 16 bits, one of each in turn. */
    void unpackHigh16(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0x69, to, one, other);
    }

    /** Of each half the lanes of 32 bits of {@code one}, then of {@code other}, as 16 bits, the nearest where they have no room. */
    void narrow32(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0x6B, to, one, other);
    }

    /** Of each half the lanes of 16 bits of {@code one}, then of {@code other}, as signed bytes, the nearest where they have no room. */
    void narrow16(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0x63, to, one, other);
    }

    /** Signed bytes without their sign. */
    void magnitude8(int to, int from) {
        vex(Prefix.P66, Map.M0F38, 0x1C, to, 0, from);
    }

    /** Bytes of {@code from}, with the other sign where {@code sign} is less than zero, zero where it is zero. */
    void sign8(int to, int from, int sign) {
        vex(Prefix.P66, Map.M0F38, 0x08, to, from, sign);
    }

    /** {@code to[i] = a[2i]·b[2i] + a[2i+1]·b[2i+1]}: bytes without sign times such with, in 16 bits; their sum has room up to 2¹⁵. */
    void multiplyPairs8(int to, int unsigned, int signed) {
        vex(Prefix.P66, Map.M0F38, 0x04, to, unsigned, signed);
    }

    /** {@code to[i] = a[2i]·b[2i] + a[2i+1]·b[2i+1]}: 16 bits each, in 32. */
    void multiplyPairs16(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0xF5, to, one, other);
    }

    void add32(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0xFE, to, one, other);
    }

    void subtract32(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F, 0xFA, to, one, other);
    }

    /** The greater of whole numbers without sign, 32-bit lanes. */
    void greater32(int to, int one, int other) {
        vex(Prefix.P66, Map.M0F38, 0x3F, to, one, other);
    }

    /** Whole numbers of 32 bits as float32. */
    void toFloats(int to, int from) {
        vex(Prefix.NONE, Map.M0F, 0x5B, to, 0, from);
    }

    /** float32 to the nearest whole numbers of 32 bits, ties to even; the least of them for what has no room or is NaN. */
    void toWhole(int to, int from) {
        vex(Prefix.P66, Map.M0F, 0x5B, to, 0, from);
    }

    void multiplyFloats(int to, int one, int other) {
        vex(Prefix.NONE, Map.M0F, 0x59, to, one, other);
    }

    void multiplyFloats(int to, int one, Address other) {
        vex(Prefix.NONE, Map.M0F, 0x59, to, one, other);
    }

    /** Of the lowest lane only. */
    void divideLowest(int to, int one, int other) {
        a.vex(Prefix.PF3, Map.M0F, 0, HALF, 0x5E, to, one, other);
    }

    /** {@code sum += one · other}, rounded once. */
    void multiplyAdd(int sum, int one, int other) {
        vex(Prefix.P66, Map.M0F38, 0xB8, sum, one, other);
    }

    /** {@code sum += one · other}, rounded once. */
    void multiplyAdd(int sum, int one, Address other) {
        vex(Prefix.P66, Map.M0F38, 0xB8, sum, one, other);
    }

    private void vex(Prefix prefix, Map map, int opcode, int register, int second, int third) {
        a.vex(prefix, map, 0, WHOLE, opcode, register, second, third);
    }

    private void vex(Prefix prefix, Map map, int opcode, int register, int second, Address third) {
        a.vex(prefix, map, 0, WHOLE, opcode, register, second, third);
    }
}
