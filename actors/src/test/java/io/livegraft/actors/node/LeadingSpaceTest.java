package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.generation.GenerationDelta;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class LeadingSpaceTest {
    private static final ActorTestKit KIT = ActorTestKit.create();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void theFirstTextLosesOneSpaceAndNoOtherDoes() {
        assertEquals(List.of("", "Hi", " there", " "), texts("", " Hi", " there", " "));
        assertEquals(List.of(" x"), texts("  x"));
        assertEquals(List.of("x", " y"), texts("x", " y"));
    }

    private static List<String> texts(String... texts) {
        return LeadingSpace.removed(
                        Source.from(List.of(texts)).map(text -> new GenerationDelta(1, 0, text, Optional.empty())))
                .map(GenerationDelta::text)
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .join();
    }
}
