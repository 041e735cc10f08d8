package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R13;
import static io.livegraft.gpu.machinecode.Register.R14;
import static io.livegraft.gpu.machinecode.Register.R15;
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
import java.util.List;

/**
 * {@code c = a · b} or {@code c += a · b} in blocks of 32 rows and 32 columns on AMX: four tiles of sums, two of each operand.
 *
 * <pre>{@code
 *   c[m,n] = (c[m,n] or 0) + Σ over tiles of 32 k of ( fma over even k of a[m,k]·b[k,n] + fma over odd k )
 *   a (M,K) bfloat16, strips of 16 rows in tiles     b (K,32) bfloat16, two strips of 16 columns in tiles     c (M,32) float32
 * }</pre>
 *
 * K is a multiple of 32 and M too; a row's bits depend on nothing but the row, b and K. b is read for every 32 rows and stays in the
 * nearest cache where it fits; a is read once, past it.
 */
public final class GemmKernel implements ProductKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    /** Rows and columns of a block. */
    public static final int SIDE = 32;

    private static final int LINE = 64;
    private static final List<Register> SAVED = List.of(RBX, RBP, R12, R13, R14, R15);
    private static final TileConfiguration FULL = TileConfiguration.of(tile -> SIDE / 2);

    private final boolean accumulate;
    private final MemorySegment code;

    public GemmKernel(ExecutableMemory memory, boolean accumulate) {
        this.accumulate = accumulate;
        this.code = memory.write(write());
    }

    @Override
    public void run(
            MemorySegment a,
            long aStrip,
            MemorySegment b,
            long bStrip,
            MemorySegment c,
            long cStride,
            long depth,
            long blocks) {
        try {
            Call.HANDLE.invokeExact(code, a, aStrip, b, bStrip, c, cStride, depth, blocks, FULL.memory());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(RAX, Address.at(RSP, 24));
        a.configureTiles(Address.at(RAX, 0));
        a.load(RAX, Address.at(RSP, 8));
        a.load(R10, Address.at(RSP, 16));
        for (Register register : SAVED) {
            a.push(register);
        }
        a.move(R14, RAX);
        a.move(R15, R10);
        a.move(RBX, LINE);
        Label rows = a.label();
        block(a);
        next(a, RDI, RSI, 2);
        next(a, R8, R9, SIDE);
        a.loop(R15, rows);
        a.releaseTiles();
        for (Register register : SAVED.reversed()) {
            a.pop(register);
        }
        a.leave();
        return a;
    }

    /** 32 rows: R10 and RAX go along the halves of a, R11 and R12 along the strips of b. */
    private void block(Assembler a) {
        a.move(RBP, R8);
        next(a, RBP, R9, SIDE / 2);
        sums(a);
        a.move(RAX, RDI);
        next(a, RAX, RSI, 1);
        a.move(R10, RDI);
        a.move(R11, RDX);
        a.move(R12, RDX);
        a.add(R12, RCX);
        a.move(R13, R14);
        Label step = a.label();
        step(a);
        a.loop(R13, step);
        a.storeTile(Address.rows(R8, 0, R9), 0);
        a.storeTile(Address.rows(R8, LINE, R9), 1);
        a.storeTile(Address.rows(RBP, 0, R9), 2);
        a.storeTile(Address.rows(RBP, LINE, R9), 3);
    }

    private void sums(Assembler a) {
        if (accumulate) {
            a.loadTile(0, Address.rows(R8, 0, R9));
            a.loadTile(1, Address.rows(R8, LINE, R9));
            a.loadTile(2, Address.rows(RBP, 0, R9));
            a.loadTile(3, Address.rows(RBP, LINE, R9));
        } else {
            for (int tile = 0; tile < 4; tile++) {
                a.zeroTile(tile);
            }
        }
    }

    /** 32 of K. */
    private static void step(Assembler a) {
        a.loadTile(6, Address.rows(R11, 0, RBX));
        a.loadTileOnce(4, Address.rows(R10, 0, RBX));
        a.loadTile(7, Address.rows(R12, 0, RBX));
        a.loadTileOnce(5, Address.rows(RAX, 0, RBX));
        a.multiplyTiles(0, 4, 6);
        a.multiplyTiles(1, 4, 7);
        a.multiplyTiles(2, 5, 6);
        a.multiplyTiles(3, 5, 7);
        a.add(R10, StripForm.TILE_BYTES);
        a.add(RAX, StripForm.TILE_BYTES);
        a.add(R11, StripForm.TILE_BYTES);
        a.add(R12, StripForm.TILE_BYTES);
    }

    /** {@code times} strides on; a power of two. */
    private static void next(Assembler a, Register pointer, Register stride, int times) {
        a.move(R10, stride);
        a.shiftLeft(R10, Integer.numberOfTrailingZeros(times));
        a.add(pointer, R10);
    }
}
