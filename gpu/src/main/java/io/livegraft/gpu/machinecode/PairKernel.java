package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.livegraft.gpu.machinecode.Assembler.Label;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Lays a bfloat16 matrix (K, 32) of rows into two strips of tiles: row p of a tile = rows 2p and 2p+1, lane by lane.
 *
 * <p>K is even here; what is missing to a multiple of 32 is the caller's to fill with zeros.
 */
public final class PairKernel {
    private static final MethodHandle CALL = ExecutableMemory.caller(ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);

    private static final int LINE = PanelKernel.LINE;

    private final MemorySegment code;

    public PairKernel(ExecutableMemory memory) {
        this.code = memory.write(write());
    }

    /**
     * @param rows {@code stride} bytes apart
     * @param low tiles of the first 16 columns
     * @param high tiles of the others
     * @param pairs K / 2
     */
    public void run(
            MemorySegment rows, long stride, MemorySegment low, MemorySegment high, long pairs, Constants constants) {
        try {
            CALL.invokeExact(code, rows, stride, low, high, pairs, constants.memory());
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private static Assembler write() {
        Assembler a = new Assembler();
        Label pair = a.label();
        a.loadVector(0, Address.at(RDI, 0));
        a.add(RDI, RSI);
        a.loadVector(1, Address.at(RDI, 0));
        a.add(RDI, RSI);
        a.loadVector(2, Address.at(R9, Constants.PAIR_LOW));
        a.select16(2, 0, 1);
        a.storeVector(Address.at(RDX, 0), 2);
        a.loadVector(3, Address.at(R9, Constants.PAIR_HIGH));
        a.select16(3, 0, 1);
        a.storeVector(Address.at(RCX, 0), 3);
        a.add(RDX, LINE);
        a.add(RCX, LINE);
        a.loop(R8, pair);
        a.leave();
        return a;
    }
}
