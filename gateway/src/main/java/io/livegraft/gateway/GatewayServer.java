package io.livegraft.gateway;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.handleExceptions;
import static org.apache.pekko.http.javadsl.server.Directives.handleRejections;

import io.livegraft.actors.node.Node;
import io.livegraft.gateway.admin.AdminRoutes;
import io.livegraft.gateway.admin.LogRoutes;
import io.livegraft.gateway.admin.ScrubRoutes;
import io.livegraft.gateway.error.ErrorHandling;
import io.livegraft.gateway.health.HealthRoutes;
import io.livegraft.gateway.http.ConnectionClosed;
import io.livegraft.gateway.http.HttpLimits;
import io.livegraft.gateway.http.OpenAiRoutes;
import io.livegraft.gateway.metrics.MetricsRoutes;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.javadsl.Flow;

/** The HTTP server over one node. */
public final class GatewayServer implements AutoCloseable {
    private static final String ANY_ADDRESS = "0.0.0.0";

    /** Ending a connection drops what its stream still has in its buffers: so long the last bytes have to leave them. */
    private static final Duration FLUSH = Duration.ofMillis(200);

    private final ServerBinding binding;
    private final RunningAnswers running;
    private final GatewaySettings settings;

    private GatewayServer(ServerBinding binding, RunningAnswers running, GatewaySettings settings) {
        this.binding = binding;
        this.running = running;
        this.settings = settings;
    }

    public static GatewayServer start(Node node, GatewaySettings settings) {
        return start(node.system(), GatewayServices.of(node), settings);
    }

    /** Listens; refuses with PORT_IN_USE where another process does. */
    public static GatewayServer start(ActorSystem<?> system, GatewayServices services, GatewaySettings settings) {
        var running = new RunningAnswers();
        try {
            ServerBinding binding = Http.get(system)
                    .newServerAt(settings.host(), settings.port())
                    .withSettings(serverSettings(system, settings))
                    .bindFlow(connection(system, routes(services, settings), running))
                    .toCompletableFuture()
                    .join();
            return new GatewayServer(binding, running, settings);
        } catch (CompletionException failed) {
            throw refused(settings, failed.getCause() == null ? failed : failed.getCause());
        }
    }

    /** Fails at once with PORT_IN_USE, before slower parts of a node start in vain. */
    public static void requireFreePort(GatewaySettings settings) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(settings.host(), settings.port()));
        } catch (IOException taken) {
            throw refused(settings, taken);
        }
    }

    /** Where clients reach it. */
    public URI address() {
        InetSocketAddress bound = binding.localAddress();
        String host = settings.host().equals(ANY_ADDRESS) ? "127.0.0.1" : settings.host();
        return URI.create("http://%s:%d".formatted(host.contains(":") ? "[" + host + "]" : host, bound.getPort()));
    }

    /** Takes no new connections, lets running answers end within the drain timeout. */
    @Override
    public void close() {
        binding.unbind().toCompletableFuture().join();
        running.await(settings.drainTimeout());
        running.pause(FLUSH);
        binding.terminate(FLUSH).toCompletableFuture().join();
    }

    private static Route routes(GatewayServices services, GatewaySettings settings) {
        var limits = new HttpLimits(
                settings.maxBodyBytes(),
                settings.maxTokens(),
                settings.maxChatTokens(),
                settings.maxChoices(),
                settings.maxFeedbackBatch(),
                settings.maxPage());
        var openAi = new OpenAiRoutes(
                services.inference(),
                services.administration(),
                services.feedback(),
                services.baseName(),
                services.baseDigest(),
                services.profile(),
                limits);
        var admin = new AdminRoutes(services.administration(), settings.maxBodyBytes(), settings.maxPage());
        Route all = concat(
                openAi.routes(),
                new LogRoutes(services.logAdministration(), settings.maxBodyBytes()).routes(),
                admin.routes(),
                new ScrubRoutes(services.scrubbing()).routes(),
                new HealthRoutes(services.health()).routes(),
                new MetricsRoutes(services.metrics()).routes());
        return handleExceptions(
                ErrorHandling.exceptions(), () -> handleRejections(ErrorHandling.rejections(), () -> all));
    }

    /** One flow for each connection, so that its requests know when the client has gone. */
    private static Flow<HttpRequest, HttpResponse, NotUsed> connection(
            ActorSystem<?> system, Route routes, RunningAnswers running) {
        var handler = routes.function(system);
        return Flow.fromMaterializer((materializer, attributes) -> {
                    var closed = new ConnectionClosed();
                    return Flow.<HttpRequest>create()
                            .watchTermination((ignored, ended) -> {
                                ended.whenComplete((done, failure) -> closed.close());
                                return NotUsed.getInstance();
                            })
                            .mapAsync(
                                    1,
                                    request -> running.count(
                                            isLast(request)
                                                    ? request
                                                    : request.addAttribute(ConnectionClosed.KEY, closed),
                                            handler));
                })
                .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    /** After a request that is its connection's last, the inlet ends although the client still waits. */
    private static boolean isLast(HttpRequest request) {
        boolean asksToClose = request.getHeader("Connection")
                .map(header -> header.value().toLowerCase(Locale.ROOT).contains("close"))
                .orElse(false);
        return asksToClose || !request.protocol().equals(HttpProtocols.HTTP_1_1);
    }

    private static ServerSettings serverSettings(ActorSystem<?> system, GatewaySettings settings) {
        var defaults = ServerSettings.create(system.classicSystem());
        var timeouts = defaults.getTimeouts()
                .withRequestTimeout(scala.concurrent.duration.Duration.fromNanos(
                        settings.requestTimeout().toNanos()))
                .withIdleTimeout(scala.concurrent.duration.Duration.fromNanos(
                        settings.requestTimeout().plusSeconds(10).toNanos()));
        return defaults.withTimeouts(timeouts);
    }

    private static LivegraftException refused(GatewaySettings settings, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return new LivegraftException(
                        ErrorCode.PORT_IN_USE,
                        "port %d on %s is taken by another process; choose another with --port or LIVEGRAFT_HTTP_PORT"
                                .formatted(settings.port(), settings.host()),
                        failure);
            }
        }
        return new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION,
                "can't listen on %s:%d: %s".formatted(settings.host(), settings.port(), failure.getMessage()),
                failure);
    }
}
