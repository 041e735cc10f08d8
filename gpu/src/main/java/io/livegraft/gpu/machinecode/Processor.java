package io.livegraft.gpu.machinecode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What this machine's processor can do, as its kernel reports it; only Linux on x86-64 is looked at. */
public final class Processor {
    private static final Path FLAGS = Path.of("/proc/cpuinfo");
    /** {@code arch_prctl}, {@code ARCH_REQ_XCOMP_PERM}, {@code XFEATURE_XTILEDATA} of Linux's {@code asm/prctl.h}. */
    private static final long ARCH_PRCTL = 158;

    private static final long REQUEST_PERMISSION = 0x1023;
    private static final long TILE_DATA = 18;

    private final Set<String> flags;

    private Processor(Set<String> flags) {
        this.flags = flags;
    }

    public static Processor detect() {
        boolean known = System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
        try {
            return new Processor(known ? flags(Files.readAllLines(FLAGS)) : Set.of());
        } catch (IOException unknown) {
            return new Processor(Set.of());
        }
    }

    private static Set<String> flags(List<String> lines) {
        return lines.stream()
                .filter(line -> line.startsWith("flags"))
                .findFirst()
                .map(line -> Set.of(line.substring(line.indexOf(':') + 1).trim().split("\\s+")))
                .orElse(Set.of());
    }

    /** Registers of 512 bits, with lanes of 16 bits. */
    public boolean wide() {
        return flags.containsAll(Set.of("avx512f", "avx512bw"));
    }

    /** Tiles of bfloat16; asks the kernel's permission, which holds for the process from then on. */
    public boolean tiles() {
        return wide() && flags.containsAll(Set.of("amx_tile", "amx_bf16", "avx512_bf16")) && permitted();
    }

    /** Products of bfloat16 in registers of 512 bits. */
    public boolean dots() {
        return wide() && flags.contains("avx512_bf16");
    }

    /**
     * Registers to multiply bytes in: wide ones where they have dot products and look-ups of bytes.
     *
     * @param onTiles whether more rows are to be multiplied on tiles, which needs such of bytes
     */
    public Optional<VectorWidth> bytes(boolean onTiles) {
        boolean wide = wide() && flags.containsAll(Set.of("avx512_vnni", "avx512vbmi"));
        if (onTiles) {
            return wide && flags.contains("amx_int8") ? Optional.of(VectorWidth.WIDE) : Optional.empty();
        }
        return wide ? Optional.of(VectorWidth.WIDE) : narrowBytes();
    }

    /** As {@link #bytes} where no wide registers are to be used: those of 256 bits for whole numbers, too, with sums in one rounding. */
    public Optional<VectorWidth> narrowBytes() {
        return flags.containsAll(Set.of("avx2", "fma")) ? Optional.of(VectorWidth.NARROW) : Optional.empty();
    }

    private static boolean permitted() {
        return new SystemCalls().call(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA) == 0;
    }
}
