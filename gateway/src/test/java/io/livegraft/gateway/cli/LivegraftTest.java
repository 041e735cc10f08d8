package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;

class LivegraftTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return run(List.of(), arguments);
    }

    private int run(List<CommandProvider> providers, String... arguments) {
        var terminal = new Terminal(new PrintWriter(out), new PrintWriter(err), false);
        int exit = Livegraft.commandLine(terminal, providers, arguments).execute(arguments);
        terminal.out().flush();
        terminal.err().flush();
        return exit;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dev",
                "serve",
                "generate",
                "eval",
                "train",
                "quantize",
                "feedback",
                "feedback send",
                "status",
                "history",
                "promote",
                "rollback",
                "hold",
                "resume",
                "reset",
                "forget",
                "rebuild",
                "scrub",
                "bench",
                "bench engine",
                "bench quality",
                "bench train"
            })
    void everyVerbHasHelp(String verb) {
        var arguments = new ArrayList<>(List.of(verb.split(" ", -1)));
        arguments.add("--help");
        assertEquals(0, run(arguments.toArray(String[]::new)));
        assertTrue(out.toString().startsWith("Usage: livegraft " + verb), out.toString());
        assertEquals("", err.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "dance",
                "generate",
                "generate --base b --prompt p --max-tokens many",
                "eval --base b",
                "train --base b",
                "rollback",
                "promote support",
                "reset support",
                "reset support:x",
                "forget support",
                "rebuild --verify",
                "feedback",
                "feedback send --tenant t",
                "bench",
                "bench quality",
                "bench engine --batch many",
                "bench train --kernels fast"
            })
    void wrongArgumentsAreOneLineAndExitCode2(String command) {
        String[] arguments = command.isEmpty() ? new String[0] : command.split(" ", -1);
        assertEquals(2, run(arguments), err.toString());
        assertTrue(err.toString().startsWith("livegraft: "), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void everyLossIsKnownAndItsSettingsAreCheckedFirst() {
        for (String loss : List.of("sft", "dpo", "kto", "bco", "apo-zero")) {
            assertEquals(3, train("--loss", loss), err.toString());
            assertTrue(err.toString().contains("missing-base"), err.toString());
        }
        assertEquals(2, train("--loss", "ppo"));
        assertEquals(3, train("--loss", "kto", "--beta", "-1"));
        assertTrue(err.toString().contains("beta -1.0 must be greater than 0"), err.toString());
        assertEquals(3, train("--loss", "dpo", "--label-smoothing", "0.5"));
        assertTrue(err.toString().contains("label smoothing 0.5"), err.toString());
    }

    private int train(String... options) {
        List<String> arguments = new ArrayList<>(
                List.of("train", "--base", "missing-base", "--data", "d", "--steps", "1", "--out", "o"));
        arguments.addAll(List.of(options));
        return run(arguments.toArray(String[]::new));
    }

    @Test
    void aBaseThatIsNoneExitsWith3(@TempDir Path empty) {
        assertEquals(3, run("generate", "--base", empty.toString(), "--prompt", "x"));
        assertTrue(err.toString().startsWith("livegraft: "), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void aTemperatureOutOfRangeExitsWith3(@TempDir Path empty) {
        assertEquals(3, run("generate", "--base", empty.toString(), "--prompt", "x", "--temperature", "9"));
        assertTrue(err.toString().contains("temperature is 9.0, expected between 0 and 2"), err.toString());
    }

    @Test
    void serveWithoutABrokerExitsWith3() {
        assertEquals(3, run("serve"));
        assertTrue(err.toString().contains("livegraft.kafka.bootstrap-servers"), err.toString());
    }

    @Test
    void noNodeAtTheAddressExitsWith5() {
        assertEquals(5, run("status", "--url", "http://127.0.0.1:1"));
        assertTrue(err.toString().contains("http://127.0.0.1:1"), err.toString());
        assertEquals(3, run("status", "--url", "nowhere"));
    }

    @Test
    void aNodesRefusalKeepsItsExitCode(@TempDir Path directory) throws IOException {
        String conflict =
                "{\"error\":{\"message\":\"support:7 is serving, not support:5\",\"type\":\"x\",\"param\":null,\"code\":\"conflict\"}}";
        try (var node = new TestingHttp(409, conflict)) {
            assertEquals(1, run("rollback", "support", "--if-serving", "5", "--url", node.url()));
            assertTrue(err.toString().contains("livegraft: support:7 is serving, not support:5"), err.toString());
            assertEquals(List.of("POST /admin/v1/adapters/support:rollback"), node.requests);
            Path file = Files.writeString(directory.resolve("f.jsonl"), "{\"prompt\":\"a\",\"completion\":\"b\"}\n");
            assertEquals(
                    1, run("feedback", "send", "--tenant", "support", "--file", file.toString(), "--url", node.url()));
        }
    }

    @Test
    void aRebuildWithOtherBitsFailsWhereItIsVerified() throws IOException {
        String done =
                "{\"id\":\"1\",\"state\":\"done\",\"publishedDigest\":\"a\",\"rebuiltDigest\":\"b\",\"match\":false,"
                        + "\"events\":3,\"steps\":2,\"seconds\":0.5}";
        try (var node = new TestingHttp(200, done)) {
            assertEquals(1, run("rebuild", "support:7", "--without", "u1", "--verify", "--url", node.url()));
            assertEquals(List.of("POST /admin/v1/adapters/support:rebuild", "GET /admin/v1/rebuilds/1"), node.requests);
            assertEquals("{\"version\":7,\"without\":[\"u1\"]}", node.bodies.getFirst());
            assertTrue(out.toString().contains("other bits, from 3 events in 2 steps"), out.toString());
            assertEquals(0, run("rebuild", "support:7", "--url", node.url(), "--json"));
        }
        String failed = "{\"id\":\"1\",\"state\":\"failed\",\"error\":{\"code\":\"unavailable\",\"message\":\"gone\"}}";
        try (var node = new TestingHttp(200, failed)) {
            assertEquals(5, run("rebuild", "support:7", "--url", node.url()));
            assertTrue(err.toString().contains("livegraft: gone"), err.toString());
        }
    }

    @Test
    void aHistoryAsJsonHasTheVersionsWithTheirLineage() throws IOException {
        String both = "{\"history\":[{\"action\":\"publish\"}],\"versions\":[{\"lineage\":{\"seed\":17}}]}";
        try (var node = new TestingHttp(200, both)) {
            assertEquals(0, run("history", "support", "--url", node.url(), "--json"));
            assertEquals(
                    List.of("GET /admin/v1/adapters/support/history", "GET /admin/v1/adapters/support/versions"),
                    node.requests);
            assertTrue(out.toString().contains("\"seed\":17"), out.toString());
        }
    }

    @Test
    void aScrubThatFindsDamageFails() throws IOException {
        String tallies = "\"checkpoints\":{\"whole\":3,\"unfinished\":0,\"damaged\":%d},\"orphans\":1,\"seconds\":0.5";
        String sound = "{\"id\":1,\"state\":\"done\",\"sound\":true,\"report\":{%s}}".formatted(tallies.formatted(0));
        try (var node = new TestingHttp(200, sound)) {
            assertEquals(0, run("scrub", "--url", node.url()));
            assertEquals(List.of("POST /admin/v1/scrub", "GET /admin/v1/scrub"), node.requests);
            assertTrue(out.toString().contains("3 whole, 0 unfinished, 0 damaged"), out.toString());
            assertEquals(0, run("scrub", "--url", node.url(), "--json"));
        }
        String broken = "{\"id\":1,\"state\":\"done\",\"sound\":false,\"report\":{%s,\"damaged\":[\"a: b\"]}}"
                .formatted(tallies.formatted(1));
        try (var node = new TestingHttp(200, broken)) {
            assertEquals(1, run("scrub", "--url", node.url()));
            assertTrue(err.toString().contains("damaged: a: b"), err.toString());
        }
    }

    @Test
    void feedbackIsSentWithItsTenantAndBlankLinesAreSkipped(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(
                directory.resolve("f.jsonl"),
                "{\"prompt\":\"a\",\"completion\":\"b\"}\n\n{\"prompt\":\"c\",\"completion\":\"d\"}\n");
        try (var node = new TestingHttp(202, "{\"accepted\":2,\"events\":[]}")) {
            assertEquals(
                    0,
                    run(
                            "feedback",
                            "send",
                            "--tenant",
                            "support",
                            "--file",
                            file.toString(),
                            "--url",
                            node.url(),
                            "--json"));
            assertEquals(
                    2,
                    new ObjectMapper().readTree(out.toString()).path("accepted").asInt());
            assertEquals(List.of("POST /v1/feedback"), node.requests);
            assertTrue(node.bodies.getFirst().contains("\"tenant\":\"support\""), node.bodies.toString());
        }
    }

    @Test
    void aBrokenFeedbackLineIsNamed(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("f.jsonl"), "{\"prompt\":\"a\"}\nnot json\n");
        assertEquals(3, run("feedback", "send", "--tenant", "t", "--file", file.toString()));
        assertTrue(err.toString().contains("line 2 of "), err.toString());
    }

    @Command(name = "demo", description = "From elsewhere.")
    static final class ForeignCommand implements Callable<Integer> {
        @Override
        public Integer call() {
            return 7;
        }
    }

    @Test
    void aProvidersCommandIsAVerbLikeAnyOther() {
        List<CommandProvider> providers = List.of(() -> List.of(new ForeignCommand()));
        assertEquals(7, run(providers, "demo"));
        assertEquals(0, run(providers, "demo", "--help"));
        assertTrue(out.toString().contains("From elsewhere."));
    }

    /** Answers everything the same and remembers what it was asked. */
    private static final class TestingHttp implements AutoCloseable {
        final List<String> requests = new ArrayList<>();
        final List<String> bodies = new ArrayList<>();
        private final HttpServer server;

        TestingHttp(int status, String body) throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
                bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(status, bytes.length);
                try (var stream = exchange.getResponseBody()) {
                    stream.write(bytes);
                }
            });
            server.start();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
