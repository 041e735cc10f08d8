package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
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
 * Turns blocks of 16 × 16 pairs of bfloat16, a pair staying together: 16 rows of a matrix (N, K), which are the columns of its
 * transpose, into tiles; or tiles into 16 rows.
 */
public final class TurnKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE =
                ExecutableMemory.caller(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    }

    private static final int SIDE = 16;

    private final MemorySegment code;

    public TurnKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
    }

    /** From row to row and from block to block, in bytes, where it is read and where it is written. */
    public void run(
            MemorySegment from, long fromRow, long fromBlock, MemorySegment to, long toRow, long toBlock, long blocks) {
        try {
            Call.HANDLE.invokeExact(code, from, fromRow, fromBlock, to, toRow, toBlock, blocks);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        a.load(R10, Address.at(RSP, 8));
        Label block = a.label();
        a.move(RAX, RDI);
        for (int row = 0; row < SIDE; row++) {
            a.loadVector(row, Address.at(RAX, 0));
            a.add(RAX, RSI);
        }
        Transposition.write(a);
        a.move(RAX, RCX);
        for (int row = 0; row < SIDE; row++) {
            a.storeVector(Address.at(RAX, 0), row);
            a.add(RAX, R8);
        }
        a.add(RDI, RDX);
        a.add(RCX, R9);
        a.loop(R10, block);
        a.leave();
        return a;
    }
}
