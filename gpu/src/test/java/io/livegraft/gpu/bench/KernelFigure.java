package io.livegraft.gpu.bench;

import java.util.Map;

/**
 * What a kernel reached.
 *
 * @param nanoseconds of one call, mean
 * @param error half of its 99.9 % confidence interval; NaN of a single measurement
 * @param gigabytesPerSecond of the weight's own bytes
 * @param gigaflopsPerSecond two for each weight and row
 * @param dramShare of what the machine reads from memory with as many threads; above 1 where caches hold the weight
 * @param fmaShare of its float32 multiply-adds; above 1 where tiles multiply bfloat16
 */
record KernelFigure(
        String kernel,
        Map<String, String> parameters,
        double nanoseconds,
        double error,
        double gigabytesPerSecond,
        double gigaflopsPerSecond,
        double dramShare,
        double fmaShare) {
    /** Bits of a weight in the precisions that are measured. */
    private static double bits(String precision) {
        return precision.equals("BF16") ? 16 : 4 + 32.0 / 64;
    }

    static KernelFigure of(
            String kernel, Map<String, String> parameters, double nanoseconds, double error, Ceilings ceilings) {
        int[] shape = KernelBenchmark.shape(parameters.getOrDefault("sides", ""));
        double count = (double) shape[0] * shape[1];
        double bytes = count * bits(parameters.getOrDefault("precision", "")) / 8 / nanoseconds;
        double operations = 2 * count * KernelBenchmark.rows(kernel) / nanoseconds;
        return new KernelFigure(
                kernel,
                parameters,
                nanoseconds,
                error,
                bytes,
                operations,
                bytes / ceilings.dramReadGigabytesPerSecond().max(),
                operations / ceilings.fmaGigaflopsPerSecond().max());
    }

    String line() {
        return "%-12s %-55s %12.0f ns ± %8.0f %8.1f GB/s (%5.1f %% of memory) %8.0f GFLOP/s (%5.1f %% of float32)"
                .formatted(
                        kernel,
                        parameters,
                        nanoseconds,
                        error,
                        gigabytesPerSecond,
                        100 * dramShare,
                        gigaflopsPerSecond,
                        100 * fmaShare);
    }
}
