package io.livegraft.gpu.training;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The losses by the names that configurations and command lines know. */
public enum LossKind {
    /** {@link Sft}. */
    SFT,
    /** {@link Dpo}. */
    DPO,
    /** {@link Kto}. */
    KTO,
    /** {@link Bco}. */
    BCO,
    /** {@link ApoZero}. */
    APO_ZERO;

    /** All of them, for people. */
    public static final String NAMES =
            Arrays.stream(values()).map(LossKind::toString).collect(Collectors.joining(", "));

    public static Optional<LossKind> named(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.toString().equals(name))
                .findFirst();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
