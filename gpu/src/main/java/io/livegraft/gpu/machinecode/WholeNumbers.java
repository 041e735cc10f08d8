package io.livegraft.gpu.machinecode;

/** How kernels read a tile of {@link StripForm#wholeNumbers}. Whole numbers up to 128 are bfloat16 values: nothing is rounded. */
final class WholeNumbers {
    private static final int PAIR_BYTES = 2 * StripForm.OUTPUTS;

    private WholeNumbers() {}

    /** 16 outputs' even or odd inputs of a pair, as float32. */
    static void floats(Assembler a, int to, Register tile, int pair, boolean odd) {
        a.extendBytes(to, Address.at(tile, pair * PAIR_BYTES + (odd ? StripForm.OUTPUTS : 0)));
        a.toFloats(to, to);
    }

    /** Both of every output as neighbours in bfloat16: a row of a tile. */
    static void row(Assembler a, int to, Register tile, int pair, int other) {
        floats(a, to, tile, pair, false);
        floats(a, other, tile, pair, true);
        a.shiftRight32(to, to, 16);
        a.or(to, to, other);
    }

    /** Both times their scales, rounded to bfloat16: the even inputs in the lower half of {@code to}, the odd ones in the upper. */
    static void scaled(Assembler a, int to, Register tile, int pair, int scale, int other) {
        floats(a, to, tile, pair, false);
        floats(a, other, tile, pair, true);
        a.multiplyFloats(to, to, scale);
        a.multiplyFloats(other, other, scale);
        a.roundTwo(to, other, to);
    }
}
