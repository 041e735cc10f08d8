package io.livegraft.gpu.machinecode;

import java.util.Arrays;

/**
 * Writes instructions one after the other (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2). Vectors are
 * the 32 registers of 512 bits, named by number, tiles the 8 of AMX; {@link NarrowVectors} has those of 256 bits. Operands stand in
 * Intel's order, the destination first.
 *
 * <p>One short method an instruction, beside the encodings that they share: as long as what kernels are written in.
 */
public final class Assembler {
    /** A place in the code that a jump goes back to. */
    public record Label(int position) {}

    /** A jump forward that has no goal yet, by where it ends. */
    public record Jump(int end) {}

    enum Map {
        M0F(1),
        M0F38(2),
        M0F3A(3);

        private final int number;

        Map(int number) {
            this.number = number;
        }
    }

    /** The mandatory prefix, as it is encoded. */
    enum Prefix {
        NONE(0),
        P66(1),
        PF3(2),
        PF2(3);

        private final int code;

        Prefix(int code) {
            this.code = code;
        }
    }

    private static final int WIDTH_512 = 2 << 5;

    private byte[] code = new byte[4096];
    private int size;

    public byte[] code() {
        return Arrays.copyOf(code, size);
    }

    // general registers

    public void move(Register to, Register from) {
        wide(0x89, from.number(), to.number());
    }

    public void move(Register to, int value) {
        bytes(0x48 | high(to.number()), 0xC7, 0xC0 | low(to.number()));
        int32(value);
    }

    public void load(Register to, Address from) {
        bytes(0x48 | (high(to.number()) << 2) | high(from.base().number()), 0x8B);
        memory(to.number(), from, 1);
    }

    public void add(Register to, Register value) {
        wide(0x01, value.number(), to.number());
    }

    public void add(Register to, int value) {
        bytes(0x48 | high(to.number()), 0x81, 0xC0 | low(to.number()));
        int32(value);
    }

    public void subtract(Register from, Register value) {
        wide(0x29, value.number(), from.number());
    }

    public void push(Register register) {
        bytes(0x40 | high(register.number()), 0x50 | low(register.number()));
    }

    public void pop(Register register) {
        bytes(0x40 | high(register.number()), 0x58 | low(register.number()));
    }

    /** Turns over the bits that {@code bits} has. */
    public void flip(Register register, int bits) {
        bytes(0x48 | high(register.number()), 0x81, 0xF0 | low(register.number()));
        int32(bits);
    }

    /** Times two to the power of {@code bits}. */
    public void shiftLeft(Register to, int bits) {
        bytes(0x48 | high(to.number()), 0xC1, 0xE0 | low(to.number()), bits);
    }

    public void shiftRight(Register to, int bits) {
        bytes(0x48 | high(to.number()), 0xC1, 0xE8 | low(to.number()), bits);
    }

    /** Goes on at the place that {@link #here} fixes when the last sum was zero. */
    public Jump jumpIfZero() {
        bytes(0x0F, 0x84);
        int32(0);
        return new Jump(size);
    }

    /** The place that a jump goes to. */
    public void here(Jump jump) {
        int distance = size - jump.end();
        for (int i = 0; i < Integer.BYTES; i++) {
            code[jump.end() - Integer.BYTES + i] = (byte) (distance >> (8 * i));
        }
    }

    public Label label() {
        return new Label(size);
    }

    /** Counts down and goes back until zero is reached. */
    public void loop(Register counter, Label start) {
        add(counter, -1);
        bytes(0x0F, 0x85);
        int32(start.position() - (size + Integer.BYTES));
    }

    public void prefetch(Address address) {
        prefetch(address, 1);
    }

    /** Into the second cache, which can wait for more lines at once than the first. */
    public void prefetchSecond(Address address) {
        prefetch(address, 2);
    }

    private void prefetch(Address address, int level) {
        rex(address);
        bytes(0x0F, 0x18);
        memory(level, address, 1);
    }

    /** Into the first cache, as a line that is about to be written. */
    public void prefetchToWrite(Address address) {
        rex(address);
        bytes(0x0F, 0x0D);
        memory(1, address, 1);
    }

    /** Saves the rounding control word of vector arithmetic. */
    public void saveControl(Address to) {
        rex(to);
        bytes(0x0F, 0xAE);
        memory(3, to, 1);
    }

    public void loadControl(Address from) {
        rex(from);
        bytes(0x0F, 0xAE);
        memory(2, from, 1);
    }

    /** Leaves vector registers as C code expects them, and returns. */
    public void leave() {
        bytes(0xC5, 0xF8, 0x77, 0xC3);
    }

    // vectors of 512 bits

    public void loadVector(int to, Address from) {
        evex(Prefix.NONE, Map.M0F, 0, 0x10, to, 0, from);
    }

    /** Lanes whose bit in mask register {@code mask} (1 to 7) is set; the others become zeros and are not read. */
    public void loadVector(int to, Address from, int mask) {
        evex(Prefix.NONE, Map.M0F, 0, 0x10, to, 0, from, 64, 0x80 | mask);
    }

    /** Mask register {@code mask} gets the lower bits of a general register. */
    public void loadMask(int mask, Register bits) {
        bytes(0xC4, 0xC1 | (inverted(high(bits.number())) << 5), 0x7B, 0x92, 0xC0 | (mask << 3) | low(bits.number()));
    }

    /** The lowest float32 of a vector in all lanes. */
    public void broadcast(int to, int from) {
        evex(Prefix.P66, Map.M0F38, 0, 0x18, to, 0, from);
    }

    /** One float32 of memory in all lanes. */
    public void broadcast(int to, Address from) {
        evex(Prefix.P66, Map.M0F38, 0, 0x18, to, 0, from, Float.BYTES, 0);
    }

    public void storeVector(Address to, int from) {
        evex(Prefix.NONE, Map.M0F, 0, 0x11, from, 0, to);
    }

    /** Lanes whose bit in mask register {@code mask} (1 to 7) is set; memory behind the others stays. */
    public void storeVector(Address to, int from, int mask) {
        evex(Prefix.NONE, Map.M0F, 0, 0x11, from, 0, to, 64, mask);
    }

    public void zero(int vector) {
        evex(Prefix.P66, Map.M0F, 0, 0xEF, vector, vector, vector);
    }

    public void or(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0xEB, to, a, b);
    }

    public void xor(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0xEF, to, a, b);
    }

    public void and(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0xDB, to, a, b);
    }

    public void shiftRight32(int to, int from, int bits) {
        evex(Prefix.P66, Map.M0F, 0, 0x72, 2, to, from);
        bytes(bits);
    }

    public void shiftLeft32(int to, int from, int bits) {
        evex(Prefix.P66, Map.M0F, 0, 0x72, 6, to, from);
        bytes(bits);
    }

    public void shiftRight16(int to, int from, int bits) {
        evex(Prefix.P66, Map.M0F, 0, 0x71, 2, to, from);
        bytes(bits);
    }

    /** {@code to[i] = table[indices[i] mod 16]}, 32-bit lanes. */
    public void lookUp32(int to, int indices, int table) {
        evex(Prefix.P66, Map.M0F38, 0, 0x16, to, indices, table);
    }

    /** {@code to[i] = table[indices[i] mod 32]}, 16-bit lanes. */
    public void lookUp16(int to, int indices, int table) {
        evex(Prefix.P66, Map.M0F38, 1, 0x8D, to, indices, table);
    }

    /** {@code to[i] = table[indices[i] mod 64]}, bytes. */
    public void lookUp8(int to, int indices, int table) {
        evex(Prefix.P66, Map.M0F38, 0, 0x8D, to, indices, table);
    }

    /** {@code to[i] = table[indices[i] mod 64]}, bytes. */
    public void lookUp8(int to, int indices, Address table) {
        evex(Prefix.P66, Map.M0F38, 0, 0x8D, to, indices, table);
    }

    /** In 32-bit lanes {@code sum[i] += Σ_j a[4i+j] · b[4i+j]}, bytes of a without, those of b with a sign; exact. */
    public void multiplyAddBytes(int sum, int a, Address b) {
        evex(Prefix.P66, Map.M0F38, 0, 0x50, sum, a, b);
    }

    /** {@code to[i]} = lane {@code indices[i] mod 64} of {@code first} followed by {@code second}; {@code indices} is overwritten. */
    public void select16(int indices, int first, int second) {
        evex(Prefix.P66, Map.M0F38, 1, 0x75, indices, first, second);
    }

    /** 16 signed bytes as whole numbers of 32 bits. */
    public void extendBytes(int to, Address from) {
        evex(Prefix.P66, Map.M0F38, 0, 0x21, to, 0, from, 16, 0);
    }

    /** Whole numbers of 32 bits as signed bytes, the nearest where they have no room: 16 of them. */
    public void storeBytes(Address to, int from) {
        evex(Prefix.PF3, Map.M0F38, 0, 0x21, from, 0, to, 16, 0);
    }

    /** Whole numbers of 32 bits as float32. */
    public void toFloats(int to, int from) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5B, to, 0, from);
    }

    /** Whole numbers of 32 bits as float32. */
    public void toFloats(int to, Address from) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5B, to, 0, from);
    }

    /** float32 to the nearest whole numbers of 32 bits, ties to even; the least of them for what has no room or is NaN. */
    public void toWhole(int to, int from) {
        evex(Prefix.P66, Map.M0F, 0, 0x5B, to, 0, from);
    }

    public void addFloats(int to, int a, int b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x58, to, a, b);
    }

    public void multiplyFloats(int to, int a, int b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x59, to, a, b);
    }

    public void addFloats(int to, int a, Address b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x58, to, a, b);
    }

    public void subtractFloats(int to, int a, int b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5C, to, a, b);
    }

    public void subtractFloats(int to, int a, Address b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5C, to, a, b);
    }

    public void multiplyFloats(int to, int a, Address b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x59, to, a, b);
    }

    public void divideFloats(int to, int a, int b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5E, to, a, b);
    }

    /** Of the lowest lane only; the three above it become {@code a}'s, the others zeros. */
    public void divideLowest(int to, int a, int b) {
        evex(Prefix.PF3, Map.M0F, 0, 0x5E, to, a, b);
    }

    /** {@code b} where either is NaN. */
    public void lesserFloats(int to, int a, int b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5D, to, a, b);
    }

    /** {@code b} where either is NaN. */
    public void greaterFloats(int to, int a, int b) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5F, to, a, b);
    }

    /** In lanes whose bit in mask register {@code mask} is set; the others stay. */
    public void greaterFloats(int to, int a, int b, int mask) {
        evexPrefix(Prefix.NONE, Map.M0F, 0, to, a, (b >> 3) & 1, b >> 4, mask);
        bytes(0x5F, 0xC0 | (low(to) << 3) | low(b));
    }

    /** The greater of whole numbers without sign, 32-bit lanes. */
    public void greater32(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F38, 0, 0x3F, to, a, b);
    }

    public void subtract32(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0xFA, to, a, b);
    }

    public void add32(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0xFE, to, a, b);
    }

    public void add32(int to, int a, Address b) {
        evex(Prefix.P66, Map.M0F, 0, 0xFE, to, a, b);
    }

    /** {@code product = product · factor + addend}, rounded once. */
    public void multiplyThenAdd(int product, int factor, int addend) {
        evex(Prefix.P66, Map.M0F38, 0, 0xA8, product, factor, addend);
    }

    /** {@code product = product · factor + addend}, rounded once. */
    public void multiplyThenAdd(int product, int factor, Address addend) {
        evex(Prefix.P66, Map.M0F38, 0, 0xA8, product, factor, addend);
    }

    /** Eight float32 of memory as float64. */
    public void loadWide(int to, Address from) {
        evex(Prefix.NONE, Map.M0F, 0, 0x5A, to, 0, from, 8 * Float.BYTES, 0);
    }

    public void addDoubles(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 1, 0x58, to, a, b);
    }

    public void multiplyDoubles(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 1, 0x59, to, a, b);
    }

    /** {@code sum += a · b}, rounded once. */
    public void multiplyAdd(int sum, int a, int b) {
        evex(Prefix.P66, Map.M0F38, 0, 0xB8, sum, a, b);
    }

    /** {@code sum += a · b}, rounded once. */
    public void multiplyAdd(int sum, int a, Address b) {
        evex(Prefix.P66, Map.M0F38, 0, 0xB8, sum, a, b);
    }

    /** {@code sum[i] += a[2i+1] · b[2i+1]}, rounded once, then {@code a[2i] · b[2i]} likewise; a and b bfloat16, subnormal numbers are zero. */
    public void multiplyAddPairs(int sum, int a, Address b) {
        evex(Prefix.PF3, Map.M0F38, 0, 0x52, sum, a, b);
    }

    /** The lanes of {@code low} rounded to bfloat16, then those of {@code high}. */
    public void roundTwo(int to, int high, int low) {
        evex(Prefix.PF2, Map.M0F38, 0, 0x72, to, high, low);
    }

    public void unpackLow32(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0x62, to, a, b);
    }

    public void unpackHigh32(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 0, 0x6A, to, a, b);
    }

    public void unpackLow64(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 1, 0x6C, to, a, b);
    }

    public void unpackHigh64(int to, int a, int b) {
        evex(Prefix.P66, Map.M0F, 1, 0x6D, to, a, b);
    }

    /** Two of {@code a}'s four quarters, then two of {@code b}'s, two bits each. */
    public void shuffleQuarters(int to, int a, int b, int choice) {
        evex(Prefix.P66, Map.M0F3A, 0, 0x43, to, a, b);
        bytes(choice);
    }

    /** Four lanes of each quarter of {@code from}, two bits each. */
    public void shuffleWithinQuarters(int to, int from, int choice) {
        evex(Prefix.P66, Map.M0F3A, 0, 0x04, to, 0, from);
        bytes(choice);
    }

    // tiles

    public void configureTiles(Address configuration) {
        vex(Prefix.NONE, 0, 0, high(configuration.base().number()), 0);
        bytes(0x49);
        memory(0, configuration, 1);
    }

    public void releaseTiles() {
        bytes(0xC4, 0xE2, 0x78, 0x49, 0xC0);
    }

    public void zeroTile(int tile) {
        vex(Prefix.PF2, 0, 0, 0, 0);
        bytes(0x49, 0xC0 | (tile << 3));
    }

    public void loadTile(int tile, Address rows) {
        tileMemory(Prefix.PF2, tile, rows);
    }

    /** As {@link #loadTile}, for what is read once: it does not push out of the nearest cache what is read often. */
    public void loadTileOnce(int tile, Address rows) {
        tileMemory(Prefix.P66, tile, rows);
    }

    public void storeTile(Address rows, int tile) {
        tileMemory(Prefix.PF3, tile, rows);
    }

    /** {@code c[m,n] += Σ_k a[m,2k]·b[k,2n] + a[m,2k+1]·b[k,2n+1]}, bfloat16 with float32 sums: even and odd k each in one chain, then both. */
    public void multiplyTiles(int c, int a, int b) {
        vex(Prefix.PF3, 0, 0, 0, b);
        bytes(0x5C, 0xC0 | (c << 3) | a);
    }

    /** {@code c[m,n] += Σ_k Σ_j a[m,4k+j]·b[k,4n+j]}, signed bytes with 32-bit sums, j from 0 to 3; exact. */
    public void multiplyByteTiles(int c, int a, int b) {
        vex(Prefix.PF2, 0, 0, 0, b);
        bytes(0x5E, 0xC0 | (c << 3) | a);
    }

    // encoding

    private void tileMemory(Prefix prefix, int tile, Address rows) {
        Register stride = rows.index().orElseThrow();
        vex(prefix, 0, high(stride.number()), high(rows.base().number()), 0);
        bytes(0x4B);
        memory(tile, rows, 1);
    }

    /** Three bytes, map 0F38, W0, 128 bits. */
    private void vex(Prefix prefix, int r, int x, int b, int second) {
        vexPrefix(prefix, Map.M0F38, 0, 0, r, x, b, second);
    }

    /** @param length 0 for 128 bits, 1 for 256 */
    private void vexPrefix(Prefix prefix, Map map, int w, int length, int r, int x, int b, int second) {
        bytes(
                0xC4,
                (inverted(r) << 7) | (inverted(x) << 6) | (inverted(b) << 5) | map.number,
                (w << 7) | ((~second & 15) << 3) | (length << 2) | prefix.code);
    }

    /** Of 16 registers. */
    void vex(Prefix prefix, Map map, int w, int length, int opcode, int register, int second, int third) {
        vexPrefix(prefix, map, w, length, high(register), 0, high(third), second);
        bytes(opcode, 0xC0 | (low(register) << 3) | low(third));
    }

    /** Of 16 registers. */
    void vex(Prefix prefix, Map map, int w, int length, int opcode, int register, int second, Address third) {
        int index = third.index().map(Register::number).orElse(0);
        vexPrefix(
                prefix,
                map,
                w,
                length,
                high(register),
                high(index),
                high(third.base().number()),
                second);
        bytes(opcode);
        memory(register, third, 1);
    }

    /** The last byte of an instruction that has a choice in it. */
    void choice(int value) {
        bytes(value);
    }

    private void evex(Prefix prefix, Map map, int w, int opcode, int register, int second, int third) {
        evexPrefix(prefix, map, w, register, second, (third >> 3) & 1, third >> 4, 0);
        bytes(opcode, 0xC0 | (low(register) << 3) | low(third));
    }

    private void evex(Prefix prefix, Map map, int w, int opcode, int register, int second, Address third) {
        evex(prefix, map, w, opcode, register, second, third, third.broadcast() ? Float.BYTES : 64, 0);
    }

    /**
     * @param unit bytes that a short displacement counts
     * @param masking the mask register, and whether others become zeros
     */
    private void evex(
            Prefix prefix, Map map, int w, int opcode, int register, int second, Address third, int unit, int masking) {
        int index = third.index().map(Register::number).orElse(0);
        int base = third.base().number();
        int last = masking | (third.broadcast() ? 1 << 4 : 0);
        evexPrefix(prefix, map, w, register, second, high(base), high(index), last);
        bytes(opcode);
        memory(register, third, unit);
    }

    private void evexPrefix(Prefix prefix, Map map, int w, int register, int second, int b, int x, int last) {
        bytes(
                0x62,
                (inverted(register >> 3) << 7)
                        | (inverted(x) << 6)
                        | (inverted(b) << 5)
                        | (inverted(register >> 4) << 4)
                        | map.number,
                (w << 7) | ((~second & 15) << 3) | 4 | prefix.code,
                WIDTH_512 | (inverted(second >> 4) << 3) | last);
    }

    private void wide(int opcode, int register, int rm) {
        bytes(0x48 | (high(register) << 2) | high(rm), opcode, 0xC0 | (low(register) << 3) | low(rm));
    }

    private void rex(Address address) {
        bytes(0x40
                | (high(address.index().map(Register::number).orElse(0)) << 1)
                | high(address.base().number()));
    }

    /** ModRM, SIB where it is needed, and the displacement: short where {@code unit} divides it. */
    private void memory(int register, Address address, int unit) {
        int base = low(address.base().number());
        boolean near = address.displacement() % unit == 0 && Math.abs(address.displacement() / unit) < 128;
        int mode = near ? 1 : 2;
        boolean sib = address.index().isPresent() || base == Register.RSP.number();
        bytes((mode << 6) | (low(register) << 3) | (sib ? 4 : base));
        if (sib) {
            int index = low(address.index().map(Register::number).orElse(4));
            bytes((index << 3) | base);
        }
        if (near) {
            bytes(address.displacement() / unit);
        } else {
            int32(address.displacement());
        }
    }

    /** The three bits of a register's number that an instruction has room for. */
    private static int low(int number) {
        return number & 7;
    }

    /** The others, which go to its prefix. */
    private static int high(int number) {
        return number >> 3;
    }

    /** The lowest bit, as prefixes of vectors have it. */
    private static int inverted(int bits) {
        return (bits & 1) ^ 1;
    }

    private void int32(int value) {
        bytes(value, value >> 8, value >> 16, value >> 24);
    }

    private void bytes(int... values) {
        for (int value : values) {
            if (size == code.length) {
                code = Arrays.copyOf(code, 2 * size);
            }
            code[size++] = (byte) value;
        }
    }
}
