package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
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
 * {@code y = x · wᵀ} or {@code y += x · wᵀ} for up to 16 rows and strips of {@link StripForm#BFLOAT16}, in registers. The formula, and
 * every bit of the result, is {@link DotKernel}'s.
 */
public final class DotRowKernel {
    private static final MethodHandle CALL =
            ExecutableMemory.caller(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    public static final int MOST_ROWS = 16;

    private static final int WEIGHTS = 16;
    private static final int PAIRS = StripForm.TILE_INPUTS / 2;
    private static final int LINE = 64;
    private static final int AHEAD = 4096;

    private final int rows;
    private final boolean accumulate;
    private final MemorySegment code;

    /** Writes the code. */
    public DotRowKernel(ExecutableMemory memory, int rows, boolean accumulate) {
        this.rows = rows;
        this.accumulate = accumulate;
        this.code = memory.write(write());
    }

    /**
     * Runs the code.
     *
     * @param weights the first strip
     * @param x bfloat16, tile by tile of the weights' inputs: of each, all rows one behind the other
     * @param y first output of row 0; rows are {@code yStride} bytes apart
     * @param gap bytes between the end of a strip and the next
     */
    public void run(
            MemorySegment weights, MemorySegment x, MemorySegment y, long yStride, long blocks, long strips, long gap) {
        try {
            CALL.invokeExact(code, weights, x, y, yStride, blocks, strips, gap);
        } catch (Throwable thrown) {
            throw ExecutableMemory.impossible(thrown);
        }
    }

    private Assembler write() {
        Assembler a = new Assembler();
        a.load(R10, Address.at(RSP, 8));
        Label strip = a.label();
        begin(a);
        a.move(RAX, RSI);
        a.move(R11, R8);
        Label block = a.label();
        block(a);
        a.loop(R11, block);
        end(a);
        a.loop(R9, strip);
        a.leave();
        return a;
    }

    private void begin(Assembler a) {
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            if (accumulate) {
                a.loadVector(m, Address.at(RAX, 0));
                a.add(RAX, RCX);
            } else {
                a.zero(m);
            }
        }
    }

    private void block(Assembler a) {
        for (int pair = 0; pair < PAIRS; pair++) {
            a.prefetch(Address.at(RDI, AHEAD + pair * LINE));
            a.loadVector(WEIGHTS, Address.at(RDI, pair * LINE));
            for (int m = 0; m < rows; m++) {
                a.multiplyAddPairs(m, WEIGHTS, Address.broadcast(RAX, m * LINE + pair * Float.BYTES));
            }
        }
        a.add(RDI, StripForm.TILE_BYTES);
        a.add(RAX, rows * LINE);
    }

    private void end(Assembler a) {
        a.move(RAX, RDX);
        for (int m = 0; m < rows; m++) {
            a.storeVector(Address.at(RAX, 0), m);
            a.add(RAX, RCX);
        }
        a.add(RDX, StripForm.OUTPUTS * Float.BYTES);
        a.add(RDI, R10);
    }
}
