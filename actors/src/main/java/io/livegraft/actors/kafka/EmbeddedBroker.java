package io.livegraft.actors.kafka;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A real Kafka broker and controller (KRaft) in this process, on the loopback interface, with its data in a directory that it
 * can start on again after a clean stop as well as after kill -9.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    private static final String CLUSTER_ID = "cluster.id";

    private final KafkaRaftServer server;
    private final int port;

    private EmbeddedBroker(KafkaRaftServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /**
     * Returns when the broker takes requests.
     *
     * @param port 0 takes a free one
     */
    public static EmbeddedBroker start(Path directory, int port) {
        int brokerPort = freePort(port);
        int controllerPort = freePort(0);
        try {
            Path log = directory.resolve("log");
            format(directory, log);
            KafkaRaftServer server = new KafkaRaftServer(
                    new KafkaConfig(properties(log, brokerPort, controllerPort), false), Time.SYSTEM);
            server.startup();
            return new EmbeddedBroker(server, brokerPort);
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the embedded Kafka broker can't keep its data in %s: %s".formatted(directory, e.getMessage()),
                    e);
        }
    }

    public String bootstrapServers() {
        return LOOPBACK + ":" + port;
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    /** Kafka itself would end the process where a port is taken, so it is tried first. */
    private static int freePort(int wanted) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.PORT_IN_USE,
                    "port %d of the embedded Kafka broker is in use by another process; free it or set livegraft.kafka.embedded.port (LIVEGRAFT_KAFKA_PORT)"
                            .formatted(wanted),
                    e);
        }
    }

    /** Only where the file is known to be absent another one is drawn. */
    private static String clusterId(Path file) throws IOException {
        try {
            return Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            String id = Uuid.randomUuid().toString();
            Files.writeString(file, id);
            return id;
        }
    }

    /** The id is written first, so that a crash while formatting is made good by formatting again with the same id. */
    private static void format(Path directory, Path log) throws IOException {
        Files.createDirectories(log);
        Path idFile = directory.resolve(CLUSTER_ID);
        String id = clusterId(idFile);
        try (PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setNodeId(1)
                    .setClusterId(id)
                    .setControllerListenerName("CONTROLLER")
                    .setMetadataLogDirectory(log.toString())
                    .addDirectory(log.toString())
                    .setReleaseVersion(MetadataVersion.latestProduction())
                    .setIgnoreFormatted(true)
                    .setPrintStream(silent)
                    .run();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private static Map<String, Object> properties(Path log, int brokerPort, int controllerPort) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", "1");
        properties.put("log.dirs", log.toString());
        properties.put(
                "listeners",
                "PLAINTEXT://%s:%d,CONTROLLER://%s:%d".formatted(LOOPBACK, brokerPort, LOOPBACK, controllerPort));
        properties.put("advertised.listeners", "PLAINTEXT://%s:%d".formatted(LOOPBACK, brokerPort));
        properties.put("controller.listener.names", "CONTROLLER");
        properties.put("controller.quorum.voters", "1@%s:%d".formatted(LOOPBACK, controllerPort));
        properties.put("auto.create.topics.enable", "false");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("offsets.topic.num.partitions", "1");
        properties.put("transaction.state.log.replication.factor", "1");
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        // One consumer: waiting for others to join would only delay the first event by three seconds.
        properties.put("group.initial.rebalance.delay.ms", "0");
        // After kill -9 the controller lets the broker in again only when the dead one's session is over (9 s by
        // default).
        properties.put("broker.session.timeout.ms", "3000");
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("log.cleaner.dedupe.buffer.size", "2097152");
        return properties;
    }
}
