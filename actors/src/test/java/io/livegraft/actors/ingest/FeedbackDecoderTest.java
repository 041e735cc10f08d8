package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Forget;
import io.livegraft.proto.feedback.Message;
import io.livegraft.proto.feedback.Reset;
import io.livegraft.proto.feedback.Tick;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
    void controlEntriesAreRead() {
        for (FeedbackRecord control : List.of(
                control().setForget(Forget.newBuilder().setSubject("u1")).build(),
                control().setReset(Reset.newBuilder().setOffset(-1)).build(),
                control()
                        .setConfigure(Configure.newBuilder().setStepExamples(2))
                        .build())) {
            assertEquals(new Decoded.Control("support", control), decode("support", control.toByteArray()));
        }
        String json = "{\"configure\":{\"learningRate\":0.001},\"principal\":\"ann\",\"reason\":\"slower\"}";
        assertInstanceOf(Decoded.Control.class, decode("support", json.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void eachUnusableControlEntryHasItsReason() throws IOException {
        assertReason(
                "0 characters",
                "support",
                control().setForget(Forget.getDefaultInstance()).build());
        assertReason(
                "2 of forget, reset and configure",
                "support",
                control()
                        .setForget(Forget.newBuilder().setSubject("u1"))
                        .setReset(Reset.getDefaultInstance())
                        .build());
        assertReason(
                "has prompt",
                "support",
                control().setReset(Reset.getDefaultInstance()).setPrompt("p").build());
        assertReason("no setting", "support", configure(Configure.newBuilder()));
        assertReason(
                "learning_rate is 0.5",
                "support",
                configure(Configure.newBuilder().setLearningRate(0.5)));
        assertReason(
                "learning_rate is NaN",
                "support",
                configure(Configure.newBuilder().setLearningRate(Double.NaN)));
        assertReason(
                "step_examples is 0",
                "support",
                configure(Configure.newBuilder().setStepExamples(0)));
        assertReason(
                "step_tokens is -1", "support", configure(Configure.newBuilder().setStepTokens(-1)));
        assertReason(
                "max_wait_millis is 0",
                "support",
                configure(Configure.newBuilder().setMaxWaitMillis(0)));
        assertReason(
                "held_out_share is 256",
                "support",
                configure(Configure.newBuilder().setHeldOutShare(256)));
        assertReason(
                "replay_examples is 257",
                "support",
                configure(Configure.newBuilder().setReplayExamples(257)));
        assertReason(
                "publish_every_steps",
                "support",
                configure(Configure.newBuilder().setPublishEverySteps(0)));
        assertReason(
                "publish_idle_millis",
                "support",
                configure(Configure.newBuilder().setPublishIdleMillis(0)));
        assertReason(
                "principal_events", "support", configure(Configure.newBuilder().setPrincipalEvents(-1)));
        assertReason(
                "loss is 'ppo'", "support", configure(Configure.newBuilder().setLoss("ppo")));
        assertReason("beta is 0.0", "support", configure(Configure.newBuilder().setBeta(0)));
        byte[] unknown = {(byte) 0xf8, 0x01, 1}; // field 31, a varint
        assertReason("numbers [31]", "support", configure(Configure.newBuilder().mergeFrom(unknown)));
    }

    private static FeedbackRecord.Builder control() {
        return FeedbackRecord.newBuilder();
    }

    private static FeedbackRecord configure(Configure.Builder values) {
        return control().setConfigure(values).build();
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
