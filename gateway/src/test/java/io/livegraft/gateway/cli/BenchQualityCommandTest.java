package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchQualityCommandTest {
    private static final Path BASE = Path.of("..", "deploy", "base", "livegraft-tiny");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void aSmallRunPrintsItsTablesOneObjectAndAPlot(@TempDir Path directory) throws IOException {
        Path plot = directory.resolve("quality.svg");
        assertEquals(0, run(rows(directory), 2, "--seeds", "1", "--json", "--plot", plot.toString()), err.toString());
        List<String> lines = out.toString().lines().toList();
        JsonNode json = new ObjectMapper().readTree(lines.getLast());
        assertEquals("livegraft-tiny", json.path("base").asText());
        assertEquals(7, json.path("damage").size());
        assertEquals(7, json.path("variants").size());
        assertEquals(3, json.path("shapes").size());
        assertEquals(2, json.path("labels").asInt());
        assertTrue(json.path("machine").path("cores").asInt() > 0);
        JsonNode lora = json.path("variants").path(1);
        assertEquals("LoRA", lora.path("method").asText());
        assertEquals(1, lora.path("heldOutNll").path("values").size());
        assertTrue(lora.path("accuracy").path("mean").isNumber(), lora.toString());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("full fine-tuning")), out.toString());
        assertTrue(Files.readString(plot).contains("<svg"));
    }

    @Test
    void valuesOutOfRangeExitWith3(@TempDir Path directory) throws IOException {
        assertEquals(3, run(rows(directory), 400));
        assertTrue(err.toString().contains("the data has 12 rows, but 400 are to be held out"), err.toString());
    }

    @Test
    void computesWithTheKernelsOfTheConfiguration(@TempDir Path directory) throws IOException {
        Path data = rows(directory);
        assertEquals(0, with("portable", () -> run(data, 4, "--seeds", "0", "--json")), err.toString());
        assertTrue(out.toString().contains("portable kernels were asked for"), out.toString());
        assertEquals(3, with("fast", () -> run(data, 4)));
        assertTrue(err.toString().contains("livegraft.engine.kernels is 'fast'"), err.toString());
    }

    private static int with(String kernels, IntSupplier command) {
        System.setProperty("livegraft.engine.kernels", kernels);
        ConfigFactory.invalidateCaches();
        try {
            return command.getAsInt();
        } finally {
            System.clearProperty("livegraft.engine.kernels");
            ConfigFactory.invalidateCaches();
        }
    }

    private static Path rows(Path directory) throws IOException {
        StringBuilder csv = new StringBuilder("text,category\n");
        for (int i = 0; i < 12; i++) {
            csv.append("Is it %d?,%s%n".formatted(i, i % 2 == 0 ? "yes" : "no"));
        }
        return Files.writeString(directory.resolve("rows.csv"), csv);
    }

    private int run(Path rows, int heldOut, String... more) {
        var terminal = new Terminal(new PrintWriter(out), new PrintWriter(err), false);
        List<String> arguments = new ArrayList<>(List.of("bench", "quality", "--base", BASE.toString()));
        arguments.addAll(List.of("--data", rows.toString(), "--held-out", Integer.toString(heldOut), "--steps", "1"));
        arguments.addAll(List.of("--sampled", "2", "--batch-tokens", "32", "--rank", "2"));
        arguments.addAll(List.of(more));
        int exit = Livegraft.commandLine(terminal, List.of()).execute(arguments.toArray(String[]::new));
        terminal.out().flush();
        terminal.err().flush();
        return exit;
    }
}
