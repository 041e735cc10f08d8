package io.livegraft.gateway.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Where commands write.
 *
 * @param out results only
 * @param err everything else
 * @param interactive whether a person reads {@code out}
 */
record Terminal(PrintWriter out, PrintWriter err, boolean interactive) {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    @SuppressWarnings("SystemConsoleNull") // JDK 25's default console is absent where there is no terminal.
    static Terminal ofProcess() {
        var console = System.console();
        return new Terminal(
                new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true),
                new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8), true),
                console != null && console.isTerminal());
    }

    /** One object as the last line of standard output. */
    void json(Object value) {
        out.println(line(value));
    }

    /** An object as one line of JSON. */
    static String line(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
