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
import java.util.List;
import java.util.function.ObjIntConsumer;

/**
 * {@code c = a · b} or {@code c += a · b} on AMX, one or two tiles of rows by any number of blocks of one or two tiles of columns: what
 * adapters and attention multiply, whose sides are often a single tile.
 *
 * <pre>{@code
 *   c[m,n] = (c[m,n] or 0) + Σ over tiles of 32 k of ( fma over even k of a[m,k]·b[k,n] + fma over odd k )
 *   a, b as OperandKernel lays them     c float32
 * }</pre>
 */
public final class BlockKernel implements ProductKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    }

    private static final int SIDE = 16;
    private static final int LINE = PanelKernel.LINE;
    private static final TileConfiguration FULL = TileConfiguration.of(tile -> SIDE);

    private final int rows;
    private final int columns;
    private final boolean accumulate;
    private final int left;
    private final int right;
    private final MemorySegment code;

    /** {@code rows} and {@code columns} of a block are tiles, 1 or 2. */
    public BlockKernel(ExecutableMemory memory, int rows, int columns, boolean accumulate) {
        this.rows = rows;
        this.columns = columns;
        this.accumulate = accumulate;
        this.left = rows * columns;
        this.right = left + rows;
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
        List<Register> saved = List.of(RBX, RBP, R12, R13);
        saved.forEach(a::push);
        begin(a);
        Label block = a.label();
        forEachSum((at, tile) -> begin(a, at, tile));
        a.move(RAX, RBP);
        Label step = a.label();
        step(a);
        a.loop(RAX, step);
        forEachSum(a::storeTile);
        nextBlock(a);
        a.loop(R10, block);
        a.releaseTiles();
        saved.reversed().forEach(a::pop);
        a.leave();
        return a;
    }

    /** RSI becomes a strip's bytes, to go back in a; RCX what leads from the end of a block of b to the next. */
    private void begin(Assembler a) {
        a.move(RBX, LINE);
        a.move(RBP, RAX);
        a.move(R12, RDI);
        a.add(R12, RSI);
        a.move(R13, R9);
        a.shiftLeft(R13, 4);
        a.add(R13, R8);
        a.move(R11, RDX);
        a.add(R11, RCX);
        a.move(RSI, RAX);
        a.shiftLeft(RSI, 10);
        a.shiftLeft(RCX, columns - 1);
        a.subtract(RCX, RSI);
    }

    private void forEachSum(ObjIntConsumer<Address> sum) {
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                sum.accept(Address.rows(m == 0 ? R8 : R13, n * LINE, R9), m * columns + n);
            }
        }
    }

    private void begin(Assembler a, Address at, int tile) {
        if (accumulate) {
            a.loadTile(tile, at);
        } else {
            a.zeroTile(tile);
        }
    }

    private void step(Assembler a) {
        for (int n = 0; n < columns; n++) {
            next(a, right + n, n == 0 ? RDX : R11);
        }
        for (int m = 0; m < rows; m++) {
            next(a, left + m, m == 0 ? RDI : R12);
            for (int n = 0; n < columns; n++) {
                a.multiplyTiles(m * columns + n, left + m, right + n);
            }
        }
    }

    private static void next(Assembler a, int tile, Register from) {
        a.loadTile(tile, Address.rows(from, 0, RBX));
        a.add(from, StripForm.TILE_BYTES);
    }

    private void nextBlock(Assembler a) {
        a.subtract(RDI, RSI);
        a.subtract(R12, RSI);
        a.add(RDX, RCX);
        a.add(R11, RCX);
        a.add(R8, columns * LINE);
        a.add(R13, columns * LINE);
    }
}
