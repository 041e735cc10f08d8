package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Rounds a float32 matrix (K, up to 32) of rows and lays it into two strips of tiles: row p of a tile = rows 2p and 2p+1, lane by
 * lane. Columns that are not there become zeros.
 *
 * <p>K is even here; what is missing to a multiple of 32 is the caller's to fill with zeros.
 */
public final class PairKernel {
    /** Bound by the first call. */
    private static final class Call {
        static final MethodHandle HANDLE = ExecutableMemory.caller(
                ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_FLOAT);
    }

    private static final int LINE = PanelKernel.LINE;
    private static final int ORDER = 4;

    private final MemorySegment code;

    public PairKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
    }

    /**
     * Runs the code.
     *
     * @param rows float32, {@code stride} bytes apart
     * @param columns of them, 1 to 32
     * @param low tiles of the first 16 columns
     * @param high tiles of the others
     * @param pairs K / 2
     */
    public void run(
            MemorySegment rows,
            long stride,
            int columns,
            float scale,
            MemorySegment low,
            MemorySegment high,
            long pairs,
            Constants constants) {
        try {
            Call.HANDLE.invokeExact(
                    code, rows, stride, low, high, pairs, constants.memory(), RoundKernel.mask(columns), scale);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        RoundKernel.scale(a);
        a.load(R10, Address.at(RSP, 8));
        RoundKernel.masks(a, R10);
        Label pair = a.label();
        RoundKernel.loadMasked(a, 0, RDI);
        a.add(RDI, RSI);
        RoundKernel.loadMasked(a, 2, RDI);
        a.add(RDI, RSI);
        a.loadVector(ORDER, Address.at(R9, Constants.PAIR_LOW));
        a.select16(ORDER, 0, 2);
        a.storeVector(Address.at(RDX, 0), ORDER);
        a.loadVector(ORDER + 1, Address.at(R9, Constants.PAIR_HIGH));
        a.select16(ORDER + 1, 0, 2);
        a.storeVector(Address.at(RCX, 0), ORDER + 1);
        a.add(RDX, LINE);
        a.add(RCX, LINE);
        a.loop(R8, pair);
        a.leave();
        return a;
    }
}
