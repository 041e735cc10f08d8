package io.livegraft.actors.registry;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/** How fast the list of tenants is with many of them, on H2; one JSON object as output. Run by hand, never part of the tests. */
final class TenantIndexBench {
    private static final int BATCH = 5_000;
    private static final int PAGES = 2_000;

    private TenantIndexBench() {}

    /** Takes the number of tenants. */
    public static void main(String[] arguments) throws Exception {
        int tenants = Integer.parseInt(arguments[0]);
        Path directory = Files.createTempDirectory("livegraft-index-");
        try (TenantIndex index = TenantIndex.open(new DatabaseSettings.H2(1), directory)) {
            index.createTables();
            long start = System.nanoTime();
            for (int first = 0; first < tenants; first += BATCH) {
                index.advance(first, first + BATCH, rows(first, Math.min(tenants, first + BATCH)));
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            Random random = new Random(1);
            pages(index, tenants, random); // warm up
            long[] nanos = pages(index, tenants, random);
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            System.out.printf(
                    "{\"tenants\":%d,\"rowsPerSecond\":%.0f,\"pageOf100Ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"heapMiB\":%d,\"fileMiB\":%d}%n",
                    tenants,
                    tenants / seconds,
                    nanos[PAGES / 2] / 1e6,
                    nanos[PAGES * 99 / 100] / 1e6,
                    nanos[PAGES - 1] / 1e6,
                    (runtime.totalMemory() - runtime.freeMemory()) >> 20,
                    Files.size(directory.resolve("registry.mv.db")) >> 20);
        }
    }

    private static List<TenantRow> rows(int from, int to) {
        List<TenantRow> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            Standing standing =
                    new Standing(7, "%064x".formatted(i), OptionalInt.of(6), OptionalInt.empty(), false, 16);
            rows.add(new TenantRow(name(i), standing, Instant.EPOCH));
        }
        return rows;
    }

    private static String name(int number) {
        return "tenant-%07d".formatted(number);
    }

    /** Sorted: half go on from a random tenant, half begin at a random prefix. */
    private static long[] pages(TenantIndex index, int tenants, Random random) throws Exception {
        long[] nanos = new long[PAGES];
        for (int i = 0; i < PAGES; i++) {
            String name = name(random.nextInt(tenants));
            TenantQuery query = i % 2 == 0
                    ? new TenantQuery("", Optional.of(name), 100)
                    : new TenantQuery(name.substring(0, name.length() - 3), Optional.empty(), 100);
            long start = System.nanoTime();
            index.page(query);
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return nanos;
    }
}
