package io.livegraft.gpu.cpu;

import io.livegraft.gpu.onednn.OneDnn;
import io.livegraft.gpu.onednn.OneDnn.Availability;
import java.nio.file.Path;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/**
 * What this machine can compute with, found once; results depend on it, so it is part of the numeric profile.
 *
 * @param wide whether registers hold 16 float32
 * @param oneDnn for products of many rows
 * @param reason why there is no oneDNN; empty where there is
 */
public record CpuKernels(boolean wide, Optional<OneDnn> oneDnn, String reason) {
    /** The best of this machine; native libraries are unpacked into {@code directory}. */
    public static CpuKernels detect(Path directory) {
        boolean wide = FloatVector.SPECIES_PREFERRED.length() >= 16;
        if (!wide) {
            return new CpuKernels(false, Optional.empty(), "registers are narrower than 512 bits");
        }
        return switch (OneDnn.load(directory)) {
            case Availability.Loaded(OneDnn oneDnn) -> new CpuKernels(true, Optional.of(oneDnn), "");
            case Availability.Missing(String reason) -> new CpuKernels(true, Optional.empty(), reason);
        };
    }

    /** The same bits on every machine: chains of fused multiply-adds only. */
    public static CpuKernels portable() {
        return new CpuKernels(false, Optional.empty(), "portable kernels were asked for");
    }

    /** One line for whoever starts a node: which kernels serve which phase, and why no better ones. */
    public String description() {
        String decode = wide ? "decode looks 4-bit weights up in registers" : "decode multiplies decoded panels";
        String others = oneDnn.isPresent()
                ? "prefill and training multiply in bfloat16 through oneDNN"
                : "prefill and training multiply decoded panels (" + reason + ")";
        return "%s: %s; %s".formatted(profile(), decode, others);
    }

    /** E.g. {@code cpu-fma-chain-2+planes-1+onednn-amx}. */
    String profile() {
        return "cpu-fma-chain-2"
                + (wide ? "+planes-1" : "")
                + oneDnn.map(library -> "+onednn-" + library.name()).orElse("");
    }
}
