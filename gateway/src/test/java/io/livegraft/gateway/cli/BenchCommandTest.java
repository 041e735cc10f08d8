package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    private static final List<String> SMALL_ENGINE = List.of(
            "engine",
            "--prompt",
            "8",
            "--tokens",
            "2",
            "--depth",
            "0,4",
            "--batch",
            "2",
            "--adapters",
            "2",
            "--target-modules",
            "q_proj,v_proj",
            "--runs",
            "1");
    private static final List<String> SMALL_TRAINING =
            List.of("train", "--context", "8", "--sequences", "2", "--steps", "1");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void theEnginesFiguresArePositiveInATableAnObjectAndAFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("engine.json");
        assertEquals(0, run(SMALL_ENGINE, "--json", "--out", file.toString()), err.toString());
        JsonNode json = lastLine();
        assertEquals(json, new ObjectMapper().readTree(Files.readString(file)));
        assertEquals("tiny", json.path("shape").asText());
        assertEquals("nf4", json.path("precision").asText());
        assertRate(json.at("/ceilings/dramReadGigabytesPerSecond"));
        assertRate(json.at("/ceilings/fmaGigaflopsPerSecond"));
        assertRate(json.path("promptTokensPerSecond"));
        assertPositive(json, "/parameters", "/threads", "/modelBytes", "/tokenBytes", "/promptTokens");
        assertPositive(json, "/start/weightsSeconds", "/start/firstTokenSeconds", "/start/processSeconds");
        assertEquals(2, json.path("generation").size());
        json.path("generation").forEach(generation -> {
            assertRate(generation.path("tokensPerSecond"));
            assertPositive(generation, "/tokenBytes", "/dramShare");
        });
        assertEquals(4, json.path("batches").size());
        json.path("batches").forEach(batch -> {
            assertRate(batch.path("tokensPerSecond"));
            assertPositive(batch, "/sequences", "/overBase", "/overOne");
        });
        assertTrue(out.toString().contains("2 sequences, 2 adapters"), out.toString());
        assertTrue(err.toString().contains("generation at depth 4"), err.toString());
    }

    @Test
    void trainingsFiguresArePositiveInATableAndAnObject() throws IOException {
        assertEquals(0, run(SMALL_TRAINING, "--json"), err.toString());
        JsonNode json = lastLine();
        assertRate(json.path("tokensPerSecond"));
        assertRate(json.path("forwardTokensPerSecond"));
        assertPositive(json, "/passSeconds", "/optimizerSeconds", "/modelBytes", "/trainableParameters");
        assertEquals(8, json.path("contextTokens").asInt());
        assertTrue(out.toString().contains("steps of 2 x 8 tokens"), out.toString());
    }

    @Test
    void withoutJsonThereIsOnlyTheTable() {
        assertEquals(0, run(SMALL_TRAINING), err.toString());
        assertFalse(out.toString().contains("{"), out.toString());
    }

    @Test
    void whatCannotBeMeasuredIsRefusedBeforeAnythingIs() {
        refused("shape is '7b', expected one of [15m, 135m, 1.1b, 8b, 65b, tiny]", "engine", "--shape", "7b");
        refused("backend is 'tpu', expected auto, cpu or cuda", "engine", "--backend", "tpu");
        refused("batch is 0, expected at least 1", "engine", "--batch", "4,0");
        refused("LoRA target module 'x_proj' matches no linear layer", "engine", "--target-modules", "q_proj,x_proj");
        refused("precision is 'nf5'", "train", "--precision", "nf5");
        refused("context is 1, expected at least 2", "train", "--context", "1");
        refused("expected a directory that exists", "engine", "--out", "missing/figures.json");
    }

    private void refused(String message, String... arguments) {
        err.getBuffer().setLength(0);
        assertEquals(3, run(List.of(arguments)), err.toString());
        assertTrue(err.toString().contains(message), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    private JsonNode lastLine() throws IOException {
        return new ObjectMapper().readTree(out.toString().lines().toList().getLast());
    }

    private static void assertRate(JsonNode rate) {
        assertPositive(rate, "/median", "/min", "/max", "/runs");
    }

    private static void assertPositive(JsonNode json, String... paths) {
        for (String path : paths) {
            assertTrue(json.at(path).asDouble() > 0, path + " of " + json);
        }
    }

    private int run(List<String> arguments, String... more) {
        var terminal = new Terminal(new PrintWriter(out), new PrintWriter(err), false);
        List<String> all = new ArrayList<>(List.of("bench"));
        all.addAll(arguments);
        if (!arguments.contains("--shape")) {
            all.addAll(List.of("--shape", "tiny", "--rank", "2", "--warm-up", "0"));
        }
        all.addAll(List.of(more));
        int exit = Livegraft.commandLine(terminal, List.of()).execute(all.toArray(String[]::new));
        terminal.out().flush();
        terminal.err().flush();
        return exit;
    }
}
