package io.livegraft.gpu.machinecode;

import java.util.Optional;

/**
 * {@code base + index + displacement}.
 *
 * @param broadcast the operand is one float32 for all lanes
 */
public record Address(Register base, Optional<Register> index, int displacement, boolean broadcast) {
    /** {@code base + displacement}. */
    public static Address at(Register base, int displacement) {
        return new Address(base, Optional.empty(), displacement, false);
    }

    /** One float32 at {@code base + displacement}, for all lanes. */
    public static Address broadcast(Register base, int displacement) {
        return new Address(base, Optional.empty(), displacement, true);
    }

    /** Rows of a tile: {@code base + displacement + row · stride}. */
    public static Address rows(Register base, int displacement, Register stride) {
        return new Address(base, Optional.of(stride), displacement, false);
    }
}
