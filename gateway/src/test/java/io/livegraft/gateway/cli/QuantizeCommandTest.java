package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command on the base that the distribution bundles. */
class QuantizeCommandTest {
    private static final Path BASE = Path.of("..", "deploy", "base", "livegraft-tiny");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path dir;

    @Test
    void whatItWritesHasTheLossOfQuantizingWhileLoading() throws IOException {
        Path text = Files.writeString(dir.resolve("text"), "The answer is short.");
        double expected = loss(BASE, text, "--precision", "fp4");
        Path quantized = dir.resolve("quantized");
        JsonNode written = run("quantize", "--base", BASE.toString(), "--out", quantized.toString(), "--format", "fp4");
        assertEquals(4.127, written.path("bitsPerWeight").asDouble(), 0.01);
        assertTrue(written.path("digest").asText().matches("[0-9a-f]{64}"));
        assertTrue(err.toString().contains("tensor "), err.toString());
        assertEquals(expected, loss(quantized, text));
    }

    private double loss(Path base, Path text, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("eval", "--base", base.toString(), "--text", text.toString()));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new)).path("meanNll").asDouble();
    }

    @Test
    void aBlockSizeThatIsNoneIsRefusedInOneLine() {
        var line = Livegraft.commandLine(terminal(), List.of());
        assertEquals(
                ErrorTable.row(ErrorCode.INVALID_CONFIGURATION).exitCode(),
                line.execute("quantize", "--base", BASE.toString(), "--out", dir.toString(), "--block-size", "48"));
        assertEquals(
                "livegraft: block size is 48, expected a power of two from 32 to 4096",
                err.toString().strip());
    }

    private JsonNode run(String... arguments) throws IOException {
        out.getBuffer().setLength(0);
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--json");
        assertEquals(
                0, Livegraft.commandLine(terminal(), List.of()).execute(all.toArray(String[]::new)), err.toString());
        return new JsonMapper().readTree(out.toString());
    }

    private Terminal terminal() {
        return new Terminal(new PrintWriter(out, true), new PrintWriter(err, true), false);
    }
}
