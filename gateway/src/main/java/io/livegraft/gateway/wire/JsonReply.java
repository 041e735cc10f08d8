package io.livegraft.gateway.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.UncheckedIOException;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/** Writes records as JSON: OpenAI's routes in snake case, Livegraft's own in camel case; instants as ISO 8601. */
public final class JsonReply {
    private static final ObjectMapper CAMEL = JsonMapper.builder()
            .addModules(new Jdk8Module(), new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .build();

    private static final ObjectMapper SNAKE =
            CAMEL.copy().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

    private JsonReply() {}

    public static HttpResponse openAi(Object reply) {
        return response(200, openAiJson(reply));
    }

    public static HttpResponse own(int status, Object reply) {
        return response(status, ownJson(reply));
    }

    public static String openAiJson(Object reply) {
        return write(SNAKE, reply);
    }

    public static String ownJson(Object reply) {
        return write(CAMEL, reply);
    }

    /** One server-sent event: {@code data: …} and an empty line. */
    public static ByteString event(String data) {
        return ByteString.fromString("data: " + data + "\n\n");
    }

    private static HttpResponse response(int status, String json) {
        return HttpResponse.create().withStatus(status).withEntity(ContentTypes.APPLICATION_JSON, json);
    }

    private static String write(ObjectMapper mapper, Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (JsonProcessingException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
