package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benches of a node's parts, small. */
class BenchIngestCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    @Test
    void everyRecordReachesItsTrainerAndNothingIsLeftBehind() throws IOException {
        JsonNode json = run("ingest", "--records", "3000", "--tenants", "20", "--directory", directory.toString());
        assertEquals(3000, json.at("/milestones/2/records").asLong());
        assertTrue(json.path("recordsPerSecond").asDouble() > 0, json.toString());
        assertTrue(json.path("ratio").asDouble() > 0, json.toString());
        assertTrue(json.path("machine").path("cores").asInt() > 0, json.toString());
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void tenantsAtRestHaveACheckpointAndWakeFromIt() throws IOException {
        JsonNode json =
                run("tenants", "--tenants", "40", "--wakes", "8", "--apart", "5", "--directory", directory.toString());
        assertEquals(40, json.path("tenants").asInt());
        assertEquals(5, json.path("apartMillis").asInt());
        assertTrue(json.path("wakeSeconds50").asDouble() > 0, json.toString());
        assertTrue(json.path("wakes").asInt() > 0, json.toString());
        assertTrue(json.path("checkpointBytes").asDouble() > 0, json.toString());
        assertTrue(
                json.path("wakeSeconds99").asDouble()
                        >= json.path("wakeSeconds50").asDouble(),
                json.toString());
    }

    @Test
    void whatTrainingCostsAnswersIsToldForEachShare() throws IOException {
        JsonNode json = run("coserve", "--streams", "2", "--seconds", "1", "--step-tokens", "16", "--shares", "0.5,1");
        assertEquals(2, json.path("streams").asInt());
        assertEquals(0.0, json.path("alone").path("share").asDouble());
        assertEquals(2, json.path("beside").size());
        assertEquals(0.5, json.path("beside").path(0).path("share").asDouble());
        assertTrue(json.path("alone").path("tokensPerSecond").asDouble() > 0, json.toString());
    }

    @Test
    void stepsThatShareCyclesEndWithTheSameBits() throws IOException {
        JsonNode json = run("cycle", "--tenants", "3", "--steps", "2", "--tokens", "8");
        assertTrue(json.path("sameBits").asBoolean(), json.toString());
        assertTrue(json.path("gain").asDouble() > 0, json.toString());
        assertTrue(out.toString().contains("the same bits"), out.toString());
    }

    private JsonNode run(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("bench"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--base", "../deploy/base/livegraft-tiny", "--json"));
        var terminal = new Terminal(new PrintWriter(out), new PrintWriter(err), false);
        int exit = Livegraft.commandLine(terminal, List.of()).execute(all.toArray(String[]::new));
        terminal.out().flush();
        terminal.err().flush();
        assertEquals(0, exit, err.toString());
        return new ObjectMapper().readTree(out.toString().lines().toList().getLast());
    }
}
