package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Message;
import io.livegraft.proto.feedback.Tick;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeedbackDecoderTest {
    private static final FeedbackRecord GOOD = FeedbackRecord.newBuilder()
            .setEventId("e1")
            .setPrompt("Q: hello")
            .setCompletion(" A: hi")
            .setEventTimeMillis(7)
            .build();

    private final FeedbackDecoder decoder = new FeedbackDecoder(1000, 3);

    @Test
    void protobufIsRead() {
        assertEquals(new Decoded.Valid("support", GOOD), decode("support", GOOD.toByteArray()));
    }

    @Test
    void jsonIsRead() {
        String json =
                "{\"eventId\":\"e1\",\"prompt\":\"Q: hello\",\"completion\":\" A: hi\",\"eventTimeMillis\":\"7\"}";
        assertEquals(new Decoded.Valid("support", GOOD), decode("support", json.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aTickNeedsNoTenant() {
        byte[] tick = FeedbackRecord.newBuilder()
                .setTick(Tick.getDefaultInstance())
                .build()
                .toByteArray();
        assertEquals(new Decoded.Tick(), decoder.decode(Optional.empty(), Optional.of(tick)));
    }

    @Test
    void eachUnusableRecordHasItsReason() {
        assertReason("tenant", "Support!", GOOD);
        assertReason("tenant", "", GOOD);
        assertReason("tenant", "a".repeat(64), GOOD);
        assertReason(
                "event_id has 0", "support", GOOD.toBuilder().clearEventId().build());
        assertReason(
                "event_id has 201",
                "support",
                GOOD.toBuilder().setEventId("x".repeat(201)).build());
        assertReason("none of prompt", "support", GOOD.toBuilder().clearPrompt().build());
        assertReason(
                "each of prompt",
                "support",
                GOOD.toBuilder().addMessages(message("user")).build());
        assertReason(
                "role 'robot'",
                "support",
                GOOD.toBuilder().clearPrompt().addMessages(message("robot")).build());
        assertReason(
                "completion is blank",
                "support",
                GOOD.toBuilder().setCompletion(" \n").build());
        assertReason(
                "correction is blank",
                "support",
                GOOD.toBuilder().setCorrection("").build());
        assertReason(
                "rejected is blank",
                "support",
                GOOD.toBuilder().setRejected(" ").build());
        assertReason(
                "4 messages",
                "support",
                GOOD.toBuilder()
                        .clearPrompt()
                        .addMessages(message("user"))
                        .addMessages(message("user"))
                        .addMessages(message("user"))
                        .addMessages(message("user"))
                        .build());
    }

    @Test
    void anOversizedRecordIsNotEvenParsed() {
        Decoded.Invalid invalid = assertInstanceOf(Decoded.Invalid.class, decode("support", new byte[1001]));
        assertEquals("the record has 1001 bytes, expected at most 1000", invalid.reason());
    }

    @Test
    void anEmptyRecordIsRefused() {
        assertInstanceOf(Decoded.Invalid.class, decoder.decode(Optional.empty(), Optional.empty()));
        assertInstanceOf(Decoded.Invalid.class, decode("support", new byte[0]));
    }

    @Test
    void noBytesMakeItThrow() {
        long seed = System.nanoTime();
        System.out.println("FeedbackDecoderTest seed " + seed);
        Random random = new Random(seed);
        byte[] json = "{\"eventId\":\"e1\",\"prompt\":\"p\",\"completion\":\"c\",\"messages\":[{\"role\":\"user\"}]}"
                .getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes =
                    switch (random.nextInt(3)) {
                        case 0 -> noise(random);
                        case 1 -> damaged(random, GOOD.toByteArray());
                        default -> damaged(random, json);
                    };
            decode("support", bytes);
        }
    }

    @Test
    void deeplyNestedJsonIsRefused() {
        FeedbackDecoder roomy = new FeedbackDecoder(1_000_000, 3);
        byte[] nested = ("{\"messages\":" + "[".repeat(100_000)).getBytes(StandardCharsets.UTF_8);
        assertInstanceOf(
                Decoded.Invalid.class,
                roomy.decode(Optional.of("support".getBytes(StandardCharsets.UTF_8)), Optional.of(nested)));
    }

    private void assertReason(String part, String tenant, FeedbackRecord record) {
        Decoded.Invalid invalid = assertInstanceOf(Decoded.Invalid.class, decode(tenant, record.toByteArray()));
        assertTrue(invalid.reason().contains(part), invalid.reason());
    }

    private Decoded decode(String tenant, byte[] value) {
        return decoder.decode(Optional.of(tenant.getBytes(StandardCharsets.UTF_8)), Optional.of(value));
    }

    private static Message message(String role) {
        return Message.newBuilder().setRole(role).setContent("hello").build();
    }

    private static byte[] noise(Random random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] damaged(Random random, byte[] good) {
        byte[] bytes = good.clone();
        for (int i = random.nextInt(6); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }
}
