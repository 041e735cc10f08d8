package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.JavaProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a single thread that reads the log once says must have come of it.
 *
 * @param tenants what each must be
 */
record Oracle(SortedMap<String, Expected> tenants) {
    private static final String MAIN = "io.livegraft.actors.node.OracleProcess";
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    /**
     * One tenant's end.
     *
     * @param digest of the last checkpoint
     * @param offset in it
     * @param versions digests of all adapters offered, oldest first
     */
    record Expected(String digest, long offset, List<String> versions) {
        static final Expected NOTHING = new Expected("", -1, List.of());
    }

    /** Replays the log in a process of its own, by the configuration of the node under test. */
    static Oracle replay(Path directory, String classPath, Path file) {
        try (JavaProcess process = JavaProcess.start(
                directory,
                "oracle",
                List.of("-Dlivegraft.engine.threads=1"),
                "-cp",
                classPath,
                MAIN,
                file.toString())) {
            Optional<Integer> code = process.end(PATIENCE);
            if (code.filter(ended -> ended == 0).isEmpty()) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE,
                        "the oracle did not come to an end; see %s".formatted(directory.resolve("oracle.log")));
            }
            return parse(process.lines());
        }
    }

    static Oracle parse(Stream<String> lines) {
        SortedMap<String, Expected> tenants = new TreeMap<>();
        SortedMap<String, List<String>> offers = new TreeMap<>();
        lines.map(line -> line.split(" ", -1)).forEach(words -> {
            switch (words[0]) {
                case "offer" ->
                    offers.computeIfAbsent(words[1], tenant -> new ArrayList<>())
                            .add(words[3]);
                case "state" ->
                    tenants.put(
                            words[1],
                            new Expected(
                                    words[3],
                                    Long.parseLong(words[2]),
                                    List.copyOf(offers.getOrDefault(words[1], List.of()))));
                default -> {
                    // Not the oracle's words.
                }
            }
        });
        return new Oracle(tenants);
    }

    Expected expected(String tenant) {
        return tenants.getOrDefault(tenant, Expected.NOTHING);
    }
}
