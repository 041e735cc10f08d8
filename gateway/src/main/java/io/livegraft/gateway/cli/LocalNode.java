package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.node.Node;
import io.livegraft.gateway.GatewayServer;
import io.livegraft.gateway.GatewaySettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** A node and its HTTP server in this process: what {@code dev}, {@code serve} and {@code demo} run. */
public final class LocalNode implements AutoCloseable {
    private static final String BASE = "livegraft.engine.base";
    private static final String STATE_DIRECTORY = "livegraft.state-directory";

    private final Node node;
    private final GatewayServer server;
    private final Config settings;

    private LocalNode(Node node, GatewayServer server, Config settings) {
        this.node = node;
        this.server = server;
        this.settings = settings;
    }

    /** Opens a node with its own broker; returns when it answers. */
    public static LocalNode open(LocalNodeOptions options) {
        return open(settings(options));
    }

    /** Opens a node as configured; a port that is taken is refused before anything else starts. */
    static LocalNode open(Config settings) {
        GatewaySettings gateway = GatewaySettings.from(settings);
        GatewayServer.requireFreePort(gateway);
        // The order of the end is ours: requests drain before the actors they need stop.
        Path base = BaseLocation.directory(Path.of(settings.getString(BASE)), settings);
        Config root = ConfigFactory.parseMap(
                        Map.of("pekko.coordinated-shutdown.run-by-jvm-shutdown-hook", "off", BASE, base.toString()))
                .withFallback(settings);
        Node node = Node.start(root);
        try {
            return new LocalNode(node, GatewayServer.start(node, gateway), root);
        } catch (RuntimeException refused) {
            node.close();
            throw refused;
        }
    }

    /** The configuration that the options stand for. */
    static Config settings(LocalNodeOptions options) {
        Config loaded = ConfigFactory.load();
        Map<String, Object> given = new HashMap<>(options.settings());
        given.put(
                BASE,
                options.base().orElseGet(() -> configuredOrBundled(loaded)).toString());
        given.put(STATE_DIRECTORY, options.stateDirectory().toString());
        given.put("livegraft.gateway.port", options.httpPort());
        given.put("livegraft.kafka.embedded.enabled", true);
        given.put("livegraft.kafka.embedded.port", options.kafkaPort());
        options.precision().ifPresent(precision -> given.put("livegraft.engine.precision", precision));
        return ConfigFactory.parseMap(given, "command line")
                .withFallback(loaded)
                .resolve();
    }

    public URI address() {
        return server.address();
    }

    public String kafkaBootstrapServers() {
        return node.bootstrapServers();
    }

    public Path stateDirectory() {
        return Path.of(settings.getString(STATE_DIRECTORY)).toAbsolutePath().normalize();
    }

    public String baseName() {
        return node.baseName();
    }

    public String baseDigest() {
        return node.baseDigest();
    }

    /** Longest prompt and answer together, in tokens. */
    int maxSequenceTokens() {
        return node.maxSequenceTokens();
    }

    Config configuration() {
        return settings;
    }

    /** Completes when the node has ended, whoever ended it. */
    CompletionStage<Done> ended() {
        return node.ended();
    }

    /** Lets running answers end, then stops the node. */
    @Override
    public void close() {
        try {
            if (!ended().toCompletableFuture().isDone()) {
                server.close();
            }
        } finally {
            node.close();
        }
    }

    static Path configuredOrBundled(Config loaded) {
        String configured = loaded.getString(BASE);
        return configured.equals(ChangedSettings.defaults().getString(BASE)) ? bundledBase() : Path.of(configured);
    }

    /** The base that comes with the distribution; the launcher says where that is. */
    private static Path bundledBase() {
        String home = System.getProperty("livegraft.home", "");
        Path base = Path.of(home).resolve("base").resolve("livegraft-tiny");
        if (home.isEmpty() || !Files.isDirectory(base)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "there is no bundled base at %s; name one with --base DIR".formatted(base));
        }
        return base;
    }
}
