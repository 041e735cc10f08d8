package io.livegraft.gpu.cpu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** What tests are run with on this machine: of kernels with one profile the first alone. */
public final class DistinctKernels {
    private DistinctKernels() {}

    /** Without tiles, say, {@link KernelChoice#WIDE} is {@link KernelChoice#AUTO}. */
    public static Stream<KernelChoice> choices() {
        return distinct(Stream.of(KernelChoice.values()), KernelChoice::kernels);
    }

    static Stream<TestedProcessor> processors() {
        return distinct(Stream.of(TestedProcessor.values()).filter(TestedProcessor::present), TestedProcessor::kernels);
    }

    private static <T> Stream<T> distinct(Stream<T> all, Function<T, CpuKernels> kernels) {
        Map<String, T> byProfile = new LinkedHashMap<>();
        all.forEach(one -> byProfile.putIfAbsent(kernels.apply(one).profile(), one));
        return byProfile.values().stream();
    }
}
