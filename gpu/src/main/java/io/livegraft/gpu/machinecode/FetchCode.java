package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R13;
import static io.livegraft.gpu.machinecode.Register.R14;
import static io.livegraft.gpu.machinecode.Register.RSP;

import io.livegraft.gpu.machinecode.Assembler.Jump;
import io.livegraft.gpu.machinecode.Assembler.Label;

/** The instructions of a row kernel for what is {@link Fetched}; three arguments on the stack, other, lines and ahead. */
final class FetchCode {
    private static final int PUSHED = 8;

    private final Assembler a;
    private final boolean wanted;
    private final Register other;

    /** @param wanted without which there is no code at all */
    FetchCode(Assembler a, boolean wanted, Register other) {
        this.a = a;
        this.wanted = wanted;
        this.other = other;
    }

    /**
     * Goes before anything that uses the stack's memory.
     *
     * @param arguments where the first one lies from the stack's top on
     */
    void enter(int arguments) {
        if (!wanted) {
            return;
        }
        a.load(other, Address.at(RSP, arguments));
        a.push(R12);
        a.push(R13);
        a.push(R14);
        a.load(R12, Address.at(RSP, arguments + 4 * PUSHED));
        a.load(R14, Address.at(RSP, arguments + 5 * PUSHED));
        a.add(R12, 1);
    }

    /** Beside the block at {@code weights}. */
    void block(Register weights) {
        if (!wanted) {
            return;
        }
        for (int line = 0; line < Fetched.WEIGHT_LINES; line++) {
            a.prefetchSecond(Address.rows(weights, line * Fetched.LINE, R14));
        }
        a.move(R13, R12);
        a.add(R13, -1);
        Jump none = a.jumpIfZero();
        Label line = a.label();
        a.prefetchSecond(Address.at(other, 0));
        a.add(other, Fetched.LINE);
        a.loop(R13, line);
        a.here(none);
    }

    void exit() {
        if (!wanted) {
            return;
        }
        a.pop(R14);
        a.pop(R13);
        a.pop(R12);
    }
}
