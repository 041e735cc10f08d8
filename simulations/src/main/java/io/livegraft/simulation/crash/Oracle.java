package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.JavaProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

    /** An offered adapter, numbered from 1. */
    record Version(int number, String digest, long offset) {}

    /**
     * One tenant's end.
     *
     * @param digest of the last checkpoint
     * @param offset in it
     * @param versions all that were offered and not dropped by a forget, oldest first
     */
    record Expected(String digest, long offset, List<Version> versions) {
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
        SortedMap<String, Draft> drafts = new TreeMap<>();
        lines.map(line -> line.split(" ", -1))
                .filter(words -> List.of("offer", "line", "state").contains(words[0]))
                .forEach(words -> drafts.computeIfAbsent(words[1], first -> new Draft())
                        .take(words[0], Long.parseLong(words[2]), words[3]));
        SortedMap<String, Expected> tenants = new TreeMap<>();
        drafts.forEach((tenant, draft) -> tenants.put(tenant, draft.expected));
        return new Oracle(tenants);
    }

    Expected expected(String tenant) {
        return tenants.getOrDefault(tenant, Expected.NOTHING);
    }

    /** One tenant while its lines are read; its state comes last. */
    private static final class Draft {
        private final List<Version> versions = new ArrayList<>();
        private final Set<String> decided = new HashSet<>();
        private int numbers;
        private Expected expected = Expected.NOTHING;

        private void take(String kind, long offset, String digest) {
            switch (kind) {
                case "offer" -> offer(offset, digest);
                case "line" -> begin(offset, digest);
                default -> expected = new Expected(digest, offset, List.copyOf(versions));
            }
        }

        /** The same adapter is decided once in a line: what a forget offered may be due again. */
        private void offer(long offset, String digest) {
            if (decided.add(digest)) {
                versions.add(new Version(++numbers, digest, offset));
            }
        }

        /** A forget drops every version that may hold what it left out, but one that turned out the same. */
        private void begin(long firstForgotten, String digest) {
            decided.clear();
            versions.removeIf(version -> firstForgotten >= 0
                    && version.offset() >= firstForgotten
                    && !version.digest().equals(digest));
        }
    }
}
