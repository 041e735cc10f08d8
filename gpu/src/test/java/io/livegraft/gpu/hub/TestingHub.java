package io.livegraft.gpu.hub;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One model on a hub of its own, on the loopback interface: small files by git SHA-1 from the endpoint itself, safetensors by
 * SHA-256 with a redirect to a second server, the storage, which must not see the token.
 */
final class TestingHub implements AutoCloseable {
    /** One request as it came. */
    record Seen(String server, String method, String path, String authorization, String range) {}

    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final String RESOLVE = "/org/tiny/resolve/" + COMMIT + "/";

    final Map<String, byte[]> files = new TreeMap<>();
    final List<Seen> seen = new CopyOnWriteArrayList<>();
    /** Bytes after which the storage cuts the connection, once for each entry. */
    final List<Integer> cuts = new CopyOnWriteArrayList<>();
    /** Statuses that the next requests are answered with instead. */
    final List<Integer> failures = new CopyOnWriteArrayList<>();
    /** What the storage sends in place of a file. */
    final Map<String, byte[]> forged = new ConcurrentHashMap<>();

    /** Sizes that the endpoint announces in place of the true ones. */
    final Map<String, Long> announced = new ConcurrentHashMap<>();

    Optional<String> token = Optional.empty();
    boolean gated;
    boolean honoursRange = true;
    boolean stalls;

    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer endpoint = start("endpoint");
    private final HttpServer storage = start("storage");

    TestingHub() {
        files.put("config.json", text("{\"hidden_size\": 8}"));
        files.put("tokenizer.json", text("{\"model\": {}}"));
        files.put("tokenizer_config.json", text("{}"));
        files.put("model.safetensors", weights(100_000, 1));
        files.put("pytorch_model.bin", text("a pickle"));
        files.put("README.md", text("# tiny"));
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] weights(int size, int seed) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + endpoint.getAddress().getPort());
    }

    long requests(String server, String method) {
        return seen.stream()
                .filter(one -> one.server().equals(server) && one.method().equals(method))
                .count();
    }

    private HttpServer start(String name) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(workers);
            server.createContext("/", exchange -> {
                try (exchange) {
                    answer(name, exchange);
                }
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answer(String server, HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        seen.add(new Seen(
                server,
                exchange.getRequestMethod(),
                path,
                header(exchange, "Authorization"),
                header(exchange, "Range")));
        if (!failures.isEmpty()) {
            exchange.sendResponseHeaders(failures.removeFirst(), -1);
        } else if (server.equals("storage")) {
            send(exchange, path.substring(1));
        } else if (token.isPresent() && !header(exchange, "Authorization").equals("Bearer " + token.get())) {
            exchange.sendResponseHeaders(401, -1);
        } else if (gated) {
            exchange.getResponseHeaders().set("X-Error-Code", "GatedRepo");
            exchange.sendResponseHeaders(403, -1);
        } else if (path.startsWith("/api/models/org/tiny/revision/")) {
            describe(exchange, path.substring("/api/models/org/tiny/revision/".length()));
        } else if (path.startsWith(RESOLVE)) {
            resolve(exchange, path.substring(RESOLVE.length()));
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
    }

    private static String header(HttpExchange exchange, String name) {
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name)).orElse("");
    }

    private void describe(HttpExchange exchange, String revision) throws IOException {
        if (!List.of("main", "v1%2Fstable", COMMIT).contains(revision)) {
            exchange.getResponseHeaders().set("X-Error-Code", "RevisionNotFound");
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        ObjectNode reply = new JsonMapper().createObjectNode().put("sha", COMMIT);
        files.keySet().forEach(file -> reply.withArray("siblings").addObject().put("rfilename", file));
        byte[] json = text(reply.toString());
        exchange.sendResponseHeaders(200, json.length);
        exchange.getResponseBody().write(json);
    }

    private void resolve(HttpExchange exchange, String file) throws IOException {
        byte[] contents = files.getOrDefault(file, new byte[0]);
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        if (!files.containsKey(file)) {
            exchange.sendResponseHeaders(404, -1);
        } else if (file.endsWith(".safetensors")) {
            exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + sha256(contents) + "\"");
            exchange.getResponseHeaders()
                    .set("X-Linked-Size", Long.toString(announced.getOrDefault(file, (long) contents.length)));
            exchange.getResponseHeaders()
                    .set("Location", "http://127.0.0.1:" + storage.getAddress().getPort() + "/" + file);
            exchange.sendResponseHeaders(302, -1);
        } else {
            exchange.getResponseHeaders().set("ETag", "\"" + gitSha1(contents) + "\"");
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(contents.length));
            boolean body = exchange.getRequestMethod().equals("GET");
            exchange.sendResponseHeaders(200, body ? contents.length : -1);
            if (body) {
                exchange.getResponseBody().write(contents);
            }
        }
    }

    private void send(HttpExchange exchange, String file) throws IOException {
        byte[] contents = forged.getOrDefault(file, files.getOrDefault(file, new byte[0]));
        String range = header(exchange, "Range");
        int from = honoursRange && !range.isEmpty() ? Integer.parseInt(range.replaceAll("\\D", "")) : 0;
        if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes %d-%d/%d".formatted(from, contents.length - 1, contents.length));
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, contents.length - from);
        OutputStream out = exchange.getResponseBody();
        if (cuts.isEmpty()) {
            out.write(contents, from, contents.length - from);
            return;
        }
        out.write(Arrays.copyOfRange(contents, from, from + cuts.removeFirst()));
        out.flush();
        while (stalls) {
            pause();
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    static String sha256(byte[] contents) {
        return hash("SHA-256", contents);
    }

    static String gitSha1(byte[] contents) {
        byte[] head = text("blob " + contents.length + "\0");
        byte[] all = Arrays.copyOf(head, head.length + contents.length);
        System.arraycopy(contents, 0, all, head.length, contents.length);
        return hash("SHA-1", all);
    }

    private static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stalls = false;
        endpoint.stop(0);
        storage.stop(0);
        workers.close();
    }
}
