package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.Processor;
import io.livegraft.gpu.onednn.OneDnn;
import io.livegraft.gpu.onednn.OneDnn.Availability;
import java.nio.file.Path;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/**
 * What this machine can compute with, found once; results depend on it, so it is part of the numeric profile.
 *
 * @param strips machine code for weights of 4 and 8 bits, and of bfloat16 where registers have 512 bits
 * @param oneDnn for products of many rows in float32, where no machine code is written for them
 * @param reason why prefill and training have neither machine code nor oneDNN; empty where they have one
 * @param bytePrompts whether prompts multiply bytes as decode steps do
 */
public record CpuKernels(Optional<StripKernels> strips, Optional<OneDnn> oneDnn, String reason, boolean bytePrompts) {
    private static final String UNKNOWN = "the processor or its system isn't one that machine code is written for";
    private static final String REFUSED = "the system lets no process write machine code for itself";

    /**
     * The best of this machine; native libraries are unpacked into {@code directory}.
     *
     * @param tiles whether to use tiles where the processor has them
     */
    public static CpuKernels detect(Path directory, boolean tiles) {
        Processor processor = Processor.detect();
        boolean wide = FloatVector.SPECIES_PREFERRED.length() >= 16;
        if (!wide || !processor.wide()) {
            return narrow(directory);
        }
        Optional<ExecutableMemory> memory = ExecutableMemory.open();
        if (memory.isEmpty()) {
            return without(REFUSED);
        }
        boolean onTiles = tiles && processor.tiles();
        boolean products = onTiles || processor.dots();
        Optional<StripKernels> strips =
                memory.map(code -> StripKernels.write(code, onTiles, products, processor.bytes(onTiles)));
        if (products) {
            return new CpuKernels(strips, Optional.empty(), "", false);
        }
        return withOneDnn(strips, OneDnn.load(directory, false));
    }

    private static CpuKernels withOneDnn(Optional<StripKernels> strips, Availability oneDnn) {
        return switch (oneDnn) {
            case Availability.Loaded(OneDnn loaded) -> new CpuKernels(strips, Optional.of(loaded), "", false);
            case Availability.Missing(String reason) -> new CpuKernels(strips, Optional.empty(), reason, false);
        };
    }

    /** What a machine has whose registers have 256 bits; native libraries are unpacked into {@code directory}. */
    public static CpuKernels narrow(Path directory) {
        return Processor.detect().narrowBytes().isPresent()
                ? withOneDnn(ExecutableMemory.open().map(StripKernels::writeNarrow), OneDnn.load(directory, true))
                : without(UNKNOWN);
    }

    /** The same bits on every machine: chains of fused multiply-adds only. */
    public static CpuKernels portable() {
        return without("portable kernels were asked for");
    }

    private static CpuKernels without(String reason) {
        return new CpuKernels(Optional.empty(), Optional.empty(), reason, false);
    }

    /** Those that multiply bfloat16 and attend, too. */
    Optional<StripKernels> wideStrips() {
        return strips.filter(some -> some.wide().isPresent());
    }

    Optional<StripKernels.Tiles> tiles() {
        return strips.flatMap(StripKernels::tiles);
    }

    /** Of many rows. */
    Optional<ProductKernels> products() {
        return strips.flatMap(StripKernels::products);
    }

    /** Of decode steps in whole numbers. */
    Optional<ByteKernels> bytes() {
        return strips.flatMap(StripKernels::bytes);
    }

    CpuKernels withoutBytes() {
        return new CpuKernels(strips.flatMap(StripKernels::withoutBytes), oneDnn, reason, false);
    }

    CpuKernels withBytePrompts() {
        return new CpuKernels(strips, oneDnn, reason, true);
    }

    Optional<ElementKernels> elements() {
        return strips.flatMap(StripKernels::wide).map(WideKernels::elements);
    }

    /** One line for whoever starts a node: which kernels serve which phase, and why no better ones. */
    public String description() {
        String decode = wideStrips().isPresent()
                ? "decode looks 4-bit weights up in registers"
                        + (bytes().isPresent() ? " and multiplies bytes" : "")
                        + (tiles().isPresent() ? ", for more rows in tiles with the same bits" : "")
                : bytes().isPresent() ? "decode multiplies bytes" : "decode multiplies decoded panels";
        String others = products().isPresent()
                ? "bfloat16 in " + (tiles().isPresent() ? "tiles (AMX)" : "registers")
                : oneDnn.isPresent() ? "in float32 through oneDNN" : "decoded panels (" + reason + ")";
        return "%s: %s; %s %s"
                .formatted(
                        profile(),
                        decode,
                        bytePrompts
                                ? "prefill multiplies bytes, too; training multiplies"
                                : "prefill and training multiply",
                        others);
    }

    /** E.g. {@code cpu-fma-chain-3+strips-2+tiles-2+bytes-2}. */
    String profile() {
        return "cpu-fma-chain-3"
                + (wideStrips().isPresent() ? "+strips-2" : "")
                + products()
                        .map(some -> some.onTiles() ? "+tiles-2" : "+dots-1")
                        .orElse("")
                + (bytes().isPresent() ? "+bytes-2" : "")
                + (bytePrompts ? "+byte-prompts-1" : "")
                + oneDnn.map(library -> "+onednn-" + library.name()).orElse("");
    }
}
