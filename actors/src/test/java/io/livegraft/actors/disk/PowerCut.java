package io.livegraft.actors.disk;

/** The machine stopped in the middle of an operation. */
public final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1;

    PowerCut() {
        super("the power is gone", null, false, false);
    }
}
