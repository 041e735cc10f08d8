package io.livegraft.gateway.wire;

import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gpu.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.Materializer;

/** Reads a bounded request body as one strict JSON value. */
public final class JsonBody {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final long BODY_TIMEOUT_MILLIS = 60_000;

    private JsonBody() {}

    /** Hands the body to {@code inner}, or answers 413, 415 or 400. */
    public static Route read(long maxBytes, Function<JsonNode, Route> inner) {
        return extractRequest(request ->
                extractMaterializer(materializer -> onSuccess(() -> body(request, maxBytes, materializer), inner)));
    }

    private static CompletionStage<JsonNode> body(HttpRequest request, long maxBytes, Materializer materializer) {
        var type = request.entity().getContentType();
        boolean json = "application".equals(type.mediaType().mainType())
                && "json".equals(type.mediaType().subType());
        if (!json) {
            request.discardEntityBytes(materializer);
            throw ErrorReply.http(
                            415,
                            "unsupported_media_type",
                            "the body is %s, expected application/json".formatted(type.mediaType()))
                    .asException();
        }
        return request.entity()
                .withSizeLimit(maxBytes)
                .toStrict(BODY_TIMEOUT_MILLIS, materializer)
                .handle((strict, failure) -> {
                    if (failure != null) {
                        throw tooLarge(failure, maxBytes);
                    }
                    return parse(strict.getData().toArray());
                });
    }

    private static RuntimeException tooLarge(Throwable failure, long maxBytes) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof EntityStreamSizeException
                ? ErrorReply.http(413, "body_too_large", "the body is larger than %d bytes".formatted(maxBytes))
                        .asException()
                : new CompletionException(cause);
    }

    /** Refuses what is no JSON value, naming line and column. */
    public static JsonNode parse(byte[] body) {
        try {
            JsonNode node = MAPPER.readTree(body);
            if (node.isMissingNode()) {
                throw ErrorReply.of(ErrorCode.INVALID_REQUEST, "the body is empty, expected JSON")
                        .asException();
            }
            return node;
        } catch (JsonProcessingException broken) {
            var at = broken.getLocation();
            String where = at == null ? "" : " at line %d, column %d".formatted(at.getLineNr(), at.getColumnNr());
            throw ErrorReply.of(
                            ErrorCode.INVALID_REQUEST,
                            "the body is not valid JSON%s: %s".formatted(where, firstLine(broken.getOriginalMessage())))
                    .asException();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }
}
