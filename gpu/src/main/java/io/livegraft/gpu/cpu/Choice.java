package io.livegraft.gpu.cpu;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Arrays;
import java.util.List;

/** Settings that take one of a few words. */
final class Choice {
    private Choice() {}

    /** The value that is spelt {@code name}; another word is an {@link ErrorCode#INVALID_CONFIGURATION}. */
    static <E extends Enum<E>> E of(String setting, String name, E[] values) {
        List<String> words = Arrays.stream(values).map(E::toString).toList();
        return Arrays.stream(values)
                .filter(value -> value.toString().equalsIgnoreCase(name))
                .findAny()
                .orElseThrow(() -> new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "livegraft.engine.%s is '%s', expected %s or %s"
                                .formatted(
                                        setting,
                                        name,
                                        String.join(", ", words.subList(0, words.size() - 1)),
                                        words.getLast())));
    }

    /** That a choice needs products of bytes, which kernels lack. */
    static LivegraftException noBytes(String setting, CpuKernels kernels) {
        return new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION,
                "livegraft.engine.%s is 'int8', which kernels %s don't have; expected auto or bf16 here"
                        .formatted(setting, kernels.profile()));
    }
}
