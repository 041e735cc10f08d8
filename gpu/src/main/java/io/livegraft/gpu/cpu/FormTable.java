package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.StripForm;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;

/** Kernels by the form of the strips that they read. */
record FormTable<T>(Map<StripForm, T> kernels) {
    /** One for every form that {@code condition} holds for. */
    static <T> FormTable<T> of(Predicate<StripForm> condition, Function<StripForm, T> writer) {
        Map<StripForm, T> kernels = new EnumMap<>(StripForm.class);
        for (StripForm form : StripForm.values()) {
            if (condition.test(form)) {
                kernels.put(form, writer.apply(form));
            }
        }
        return new FormTable<>(kernels);
    }

    /** A form without one is a broken invariant. */
    T get(StripForm form) {
        return Objects.requireNonNull(kernels.get(form), form::name);
    }
}
