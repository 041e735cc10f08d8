package io.livegraft.gpu.hub;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Requests to the hub over HTTP/1.1. Redirects are followed here, so that the token goes to the endpoint's own origin and
 * never to the storage that it sends us to.
 */
final class HubClient implements AutoCloseable {
    private static final int MAX_REDIRECTS = 5;
    private static final long MAX_REPLY_BYTES = 16_000_000;

    private final HubSettings settings;
    private final HubName name;
    private final HttpClient http;

    HubClient(HubSettings settings, HubName name) {
        this.settings = settings;
        this.name = name;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.connectTimeout())
                .build();
    }

    /** The hub's description of the model at a revision: its commit and file names, as JSON. */
    byte[] model() {
        String revision = name.revision().replace("/", "%2F");
        URI uri = URI.create(settings.endpoint() + "/api/models/" + name.repository() + "/revision/" + revision);
        return retrying(() ->
                        once("GET", uri, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_REPLY_BYTES), false))
                .body();
    }

    /** Checksum and size of a file, by HEAD: large files say theirs in X-Linked-Etag and X-Linked-Size. */
    RemoteFile describe(String commit, String file) {
        return retrying(() -> remote(file, once("HEAD", uri(commit, file), BodyHandlers.discarding(), true)));
    }

    private static RemoteFile remote(String file, HttpResponse<?> response) {
        String etag = header(response, "X-Linked-Etag")
                .or(() -> header(response, "ETag"))
                .orElse("")
                .replaceFirst("^W/", "")
                .replace("\"", "");
        OptionalLong size = response.headers().firstValueAsLong("X-Linked-Size");
        long bytes = size.orElseGet(
                () -> response.headers().firstValueAsLong("Content-Length").orElse(-1));
        return new RemoteFile(file, etag, bytes);
    }

    /** One try at the contents, from the sink's offset on. */
    void download(String commit, String file, BlobSink sink) throws IOException, InterruptedException {
        BodyHandler<Long> body = info -> switch (info.statusCode()) {
            case 200, 206 -> sink.receive(info);
            default -> BodySubscribers.replacing(0L); // a redirect or a refusal
        };
        follow("GET", uri(commit, file), body, false, sink);
    }

    private URI uri(String commit, String file) {
        return URI.create("%s/%s/resolve/%s/%s".formatted(settings.endpoint(), name.repository(), commit, file));
    }

    private <T> HttpResponse<T> once(String method, URI uri, BodyHandler<T> body, boolean describing)
            throws IOException, InterruptedException {
        return follow(method, uri, body, describing, Transfer.NONE);
    }

    /** @param describing whether a redirect away from the hub, or one that says the checksum, is the answer */
    private <T> HttpResponse<T> follow(
            String method, URI start, BodyHandler<T> body, boolean describing, Transfer transfer)
            throws IOException, InterruptedException {
        URI uri = start;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            HttpResponse<T> response = await(http.sendAsync(request(method, uri, transfer), body), transfer);
            Optional<URI> next = location(uri, response);
            boolean described = describing
                    && (header(response, "X-Linked-Etag").isPresent()
                            || next.filter(this::isEndpoint).isEmpty());
            if (next.isEmpty() || described) {
                return accepted(uri, response);
            }
            uri = next.get();
        }
        throw new IOException("it redirects more than %d times".formatted(MAX_REDIRECTS));
    }

    /** Waits as long as something arrives in every idle-timeout. */
    private <T> HttpResponse<T> await(CompletableFuture<HttpResponse<T>> reply, Transfer transfer)
            throws IOException, InterruptedException {
        try {
            while (true) {
                long before = transfer.arrived();
                try {
                    return reply.get(settings.idleTimeout().toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException silent) {
                    if (transfer.arrived() == before) {
                        throw new IOException(
                                "it was silent for " + settings.idleTimeout().toMillis() + " ms", silent);
                    }
                }
            }
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof BlobSink.OffsetRefused refused
                    ? refused
                    : new IOException(reason(Objects.requireNonNullElse(failed.getCause(), failed)), failed);
        } finally {
            reply.cancel(true);
        }
    }

    private static String reason(Throwable failure) {
        return failure instanceof ConnectException || failure.getMessage() == null
                ? "no connection (%s)".formatted(failure.getClass().getSimpleName())
                : failure.getMessage();
    }

    private HttpRequest request(String method, URI uri, Transfer transfer) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("User-Agent", "livegraft")
                .header("Accept-Encoding", "identity");
        if (isEndpoint(uri)) {
            settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token.value()));
        }
        if (transfer.offset() > 0) {
            request.header("Range", "bytes=" + transfer.offset() + "-");
        }
        return request.build();
    }

    private boolean isEndpoint(URI uri) {
        URI endpoint = settings.endpoint();
        return uri.getScheme().equalsIgnoreCase(endpoint.getScheme())
                && String.valueOf(uri.getHost()).equalsIgnoreCase(endpoint.getHost())
                && uri.getPort() == endpoint.getPort();
    }

    private static Optional<URI> location(URI from, HttpResponse<?> response) throws IOException {
        if (!Set.of(301, 302, 303, 307, 308).contains(response.statusCode())) {
            return Optional.empty();
        }
        try {
            URI to = from.resolve(header(response, "Location").orElse(""));
            if (to.getScheme().equals("https") || to.getScheme().equals(from.getScheme())) {
                return Optional.of(to);
            }
        } catch (IllegalArgumentException broken) {
            throw new IOException("redirects to an address that can't be read", broken);
        }
        throw new IOException("redirects from https to another scheme");
    }

    /** Refuses what another try wouldn't change; what it may change fails as an IOException. */
    private <T> HttpResponse<T> accepted(URI uri, HttpResponse<T> response) throws IOException {
        int status = response.statusCode();
        if (status < 400) {
            return response;
        }
        if (status == 408 || status == 429 || status >= 500) {
            throw new IOException("%s answered %d".formatted(uri.getHost(), status));
        }
        if (status == 416) {
            throw new BlobSink.OffsetRefused("it has nothing from that offset on");
        }
        throw new LivegraftException(ErrorCode.INVALID_CONFIGURATION, refusal(status, response));
    }

    private String refusal(int status, HttpResponse<?> response) {
        String model = name.repository();
        String code = header(response, "X-Error-Code").orElse("");
        String token =
                settings.token().isPresent() ? "the token in use has no access" : "set HF_TOKEN if it does exist";
        if (code.equals("GatedRepo") || status == 403) {
            return "the hub does not give out '%s' (%d): it is gated, ask for access at %s/%s and set HF_TOKEN"
                    .formatted(model, status, settings.endpoint(), model);
        }
        if (code.equals("RevisionNotFound")) {
            return "'%s' has no revision '%s' on the hub".formatted(model, name.revision());
        }
        if (code.equals("EntryNotFound")) {
            return "'%s' lacks a file on the hub that its list of files names".formatted(model);
        }
        return status == 401 || status == 404
                ? "there is no directory '%s', and %s has no such model (%d); %s"
                        .formatted(model, settings.endpoint(), status, token)
                : "%s answered %d to a request for '%s'".formatted(settings.endpoint(), status, model);
    }

    private static Optional<String> header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name);
    }

    /** A request that may fail for the moment. */
    @FunctionalInterface
    private interface Request<T> {
        T send() throws IOException, InterruptedException;
    }

    private <T> T retrying(Request<T> request) {
        Backoff backoff = new Backoff(settings);
        while (true) {
            try {
                return request.send();
            } catch (IOException failure) {
                backoff.after(failure);
            } catch (InterruptedException interrupted) {
                throw Backoff.interrupted(interrupted);
            }
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
