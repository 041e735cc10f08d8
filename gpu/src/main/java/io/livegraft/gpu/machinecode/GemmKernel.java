package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R13;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RBP;
import static io.livegraft.gpu.machinecode.Register.RBX;
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

/**
 * {@code c = a · b} or {@code c += a · b} in blocks of 32 rows and 32 columns on AMX: four tiles of sums, two of each operand.
 *
 * <pre>{@code
 *   c[m,n] = (c[m,n] or 0) + Σ over tiles of 32 k of ( fma over even k of a[m,k]·b[k,n] + fma over odd k )
 *   a (M,K) bfloat16, row-major     b (K,32) bfloat16, two strips of tiles one behind the other     c (M,32) float32
 * }</pre>
 *
 * K is a multiple of 32 and M too; a row's bits depend on nothing but the row, b and K.
 */
public final class GemmKernel {
    private static final MethodHandle CALL =
            ExecutableMemory.caller(ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);

    /** Rows and columns of a block. */
    public static final int SIDE = 32;

    private static final int HALF = SIDE / 2;
    private static final int LINE = 64;
    private static final TileConfiguration FULL = TileConfiguration.of(tile -> HALF);

    private final boolean accumulate;
    private final MemorySegment code;

    public GemmKernel(ExecutableMemory memory, boolean accumulate) {
        this.accumulate = accumulate;
        this.code = memory.write(write());
    }

    /**
     * Runs the code.
     *
     * @param aStride bytes between rows of a
     * @param cStride bytes between rows of c
     * @param depth K / 32
     * @param blocks M / 32
     */
    public void run(
            MemorySegment a, long aStride, MemorySegment b, MemorySegment c, long cStride, long depth, long blocks) {
        try {
            CALL.invokeExact(code, a, aStride, b, c, cStride, depth, blocks, FULL.memory());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(RAX, Address.at(RSP, 16));
        a.configureTiles(Address.at(RAX, 0));
        a.load(RAX, Address.at(RSP, 8));
        a.push(RBX);
        a.push(RBP);
        a.push(R12);
        a.push(R13);
        a.move(R13, RAX);
        a.move(RBX, LINE);
        Label rows = a.label();
        a.move(RBP, R8);
        a.shiftLeft(RBP, 4);
        a.add(RBP, RCX);
        sums(a);
        a.move(RAX, RSI);
        a.shiftLeft(RAX, 4);
        a.add(RAX, RDI);
        a.move(R10, RDI);
        a.move(R11, RDX);
        a.move(R12, R9);
        a.shiftLeft(R12, 10);
        a.add(R12, RDX);
        depth(a);
        a.storeTile(Address.rows(RCX, 0, R8), 0);
        a.storeTile(Address.rows(RCX, LINE, R8), 1);
        a.storeTile(Address.rows(RBP, 0, R8), 2);
        a.storeTile(Address.rows(RBP, LINE, R8), 3);
        next(a, RDI, RSI);
        next(a, RCX, R8);
        a.loop(R13, rows);
        a.releaseTiles();
        a.pop(R13);
        a.pop(R12);
        a.pop(RBP);
        a.pop(RBX);
        a.leave();
        return a;
    }

    private void sums(Assembler a) {
        if (accumulate) {
            a.loadTile(0, Address.rows(RCX, 0, R8));
            a.loadTile(1, Address.rows(RCX, LINE, R8));
            a.loadTile(2, Address.rows(RBP, 0, R8));
            a.loadTile(3, Address.rows(RBP, LINE, R8));
        } else {
            for (int tile = 0; tile < 4; tile++) {
                a.zeroTile(tile);
            }
        }
    }

    /** All of K; R9 is counted down and put back, since no register is left. */
    private static void depth(Assembler a) {
        a.push(R9);
        Label step = a.label();
        a.loadTile(6, Address.rows(R11, 0, RBX));
        a.loadTile(4, Address.rows(R10, 0, RSI));
        a.loadTile(7, Address.rows(R12, 0, RBX));
        a.loadTile(5, Address.rows(RAX, 0, RSI));
        a.multiplyTiles(0, 4, 6);
        a.multiplyTiles(1, 4, 7);
        a.multiplyTiles(2, 5, 6);
        a.multiplyTiles(3, 5, 7);
        a.add(R10, LINE);
        a.add(RAX, LINE);
        a.add(R11, StripForm.TILE_BYTES);
        a.add(R12, StripForm.TILE_BYTES);
        a.loop(R9, step);
        a.pop(R9);
    }

    /** 32 rows on. */
    private static void next(Assembler a, Register row, Register stride) {
        for (int half = 0; half < 2; half++) {
            a.move(RAX, stride);
            a.shiftLeft(RAX, 4);
            a.add(row, RAX);
        }
    }
}
