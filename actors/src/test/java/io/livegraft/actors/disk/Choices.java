package io.livegraft.actors.disk;

import java.util.function.BooleanSupplier;

/** The bits of a number, lowest first: counting it up goes through all outcomes of a power loss. */
public final class Choices implements BooleanSupplier {
    private final long bits;
    private int taken;

    public Choices(long bits) {
        this.bits = bits;
    }

    @Override
    public boolean getAsBoolean() {
        return taken < Long.SIZE && ((bits >>> taken++) & 1) == 1;
    }

    /** How many were asked for. */
    public int taken() {
        return taken;
    }
}
