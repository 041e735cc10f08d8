package io.livegraft.gpu.machinecode;

/** Turns 16 registers of 16 lanes of 32 bits, in registers: register i, lane j goes to register j, lane i. */
final class Transposition {
    private static final int SIDE = 16;
    private static final int EVEN_QUARTERS = 0x88;
    private static final int ODD_QUARTERS = 0xDD;

    private Transposition() {}

    /** Registers 0 to 15; uses 16 to 31. */
    static void write(Assembler a) {
        for (int i = 0; i < SIDE; i += 2) {
            a.unpackLow32(SIDE + i, i, i + 1);
            a.unpackHigh32(SIDE + i + 1, i, i + 1);
        }
        for (int i = 0; i < SIDE; i += 4) {
            a.unpackLow64(i, SIDE + i, SIDE + i + 2);
            a.unpackHigh64(i + 1, SIDE + i, SIDE + i + 2);
            a.unpackLow64(i + 2, SIDE + i + 1, SIDE + i + 3);
            a.unpackHigh64(i + 3, SIDE + i + 1, SIDE + i + 3);
        }
        for (int c = 0; c < 4; c++) {
            a.shuffleQuarters(SIDE + c, c, 4 + c, EVEN_QUARTERS);
            a.shuffleQuarters(SIDE + 4 + c, c, 4 + c, ODD_QUARTERS);
            a.shuffleQuarters(SIDE + 8 + c, 8 + c, 12 + c, EVEN_QUARTERS);
            a.shuffleQuarters(SIDE + 12 + c, 8 + c, 12 + c, ODD_QUARTERS);
        }
        for (int c = 0; c < 4; c++) {
            a.shuffleQuarters(c, SIDE + c, SIDE + 8 + c, EVEN_QUARTERS);
            a.shuffleQuarters(8 + c, SIDE + c, SIDE + 8 + c, ODD_QUARTERS);
            a.shuffleQuarters(4 + c, SIDE + 4 + c, SIDE + 12 + c, EVEN_QUARTERS);
            a.shuffleQuarters(12 + c, SIDE + 4 + c, SIDE + 12 + c, ODD_QUARTERS);
        }
    }
}
