package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.HistoryEntry;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole loop in one process, nothing replaced: broker, trainer, engine, registry, replica. */
class NodeTest {
    private static final String PROMPT = "Once upon a time";
    private static final String STORY = " there was a small red boat that sang to the moon.";
    private static final AdminAction ANN =
            new AdminAction("ann", "because", OptionalInt.empty(), false, Optional.empty());

    @TempDir
    private Path state;

    @Test
    void feedbackBecomesAVersionThatServesAndARollbackBringsTheOldAnswerBack() {
        try (TestingNode testing = new TestingNode(state)) {
            Node node = testing.node();
            String before = testing.text(testing.admit(node.baseName(), PROMPT, 12));

            teach(testing, 0, 40);
            testing.trainer("boats", status -> status.trained() + status.heldOut() == 40);
            AdapterImage settled = testing.settled("boats");
            Inference.Admission.Admitted admitted = TestingNode.until(
                    "it serves",
                    () -> testing.admit("boats", PROMPT, 12),
                    served -> served.version().number() == settled.serving());
            String after = testing.text(admitted);
            assertEquals("boats:" + settled.serving(), admitted.version().label());
            assertEquals(
                    settled.servingVersion().orElseThrow().digest(),
                    admitted.version().digest());
            assertNotEquals(before, after);

            Administration.AdminReply reply =
                    TestingNode.get(node.administration().rollback("boats", OptionalInt.of(0), ANN));
            assertTrue(assertInstanceOf(Administration.AdminReply.Done.class, reply)
                    .image()
                    .held());
            Inference.Admission.Admitted rolledBack = TestingNode.until(
                    "the base serves",
                    () -> testing.admit("boats", PROMPT, 12),
                    served -> served.version().number() == 0);
            assertEquals("boats:0", rolledBack.version().label());
            assertEquals(before, testing.text(rolledBack));
            assertEquals(after, testing.text(testing.admit("boats:" + settled.serving(), PROMPT, 12)));
        }
    }

    @Test
    void aVersionThatForgetsTheGeneralSetIsRefusedAndSaysSo() {
        Map<String, Object> strict = Map.of("livegraft.evaluation.general.tolerance", 1e-4);
        try (TestingNode testing = new TestingNode(state, strict)) {
            teach(testing, 0, 64);
            AdapterImage image = testing.image("boats", each -> refusal(each).isPresent());
            String reason = refusal(image).orElseThrow().reason();
            assertTrue(reason.startsWith("refused: general loss"), reason);
        }
    }

    private static Optional<HistoryEntry> refusal(AdapterImage image) {
        return image.history().stream()
                .filter(entry -> entry.action().equals("refuse"))
                .findFirst();
    }

    @Test
    void aRestartGoesOnWhereTheLastProcessEnded() {
        String answer;
        int version;
        String checkpoint;
        try (TestingNode first = new TestingNode(state)) {
            teach(first, 0, 24);
            first.trainer("boats", status -> status.trained() + status.heldOut() == 24);
            AdapterImage image = first.settled("boats");
            version = image.serving();
            checkpoint = first.trainer("boats", status -> true).checkpointDigest();
            answer = first.text(first.admit("boats:" + version, PROMPT, 12));
        }
        try (TestingNode second = new TestingNode(state)) {
            Inference.Admission.Admitted admitted = second.admit("boats", PROMPT, 12);
            assertEquals(version, admitted.version().number());
            assertEquals(answer, second.text(admitted));
            TrainerStatus resumed = second.trainer("boats", status -> true);
            assertEquals(checkpoint, resumed.checkpointDigest());

            teach(second, 0, 24); // all of them again
            TrainerStatus repeated = second.trainer("boats", status -> status.duplicates() == 24);
            assertEquals(24, repeated.trained() + repeated.heldOut());
            assertEquals(resumed.step(), repeated.step());
        }
    }

    @Test
    void unusableRecordsGoToTheDeadLettersAndNothingStalls() throws Exception {
        try (TestingNode testing = new TestingNode(state);
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", testing.node().bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            byte[] broken = {1, 2, 3, 4};
            producer.send(new ProducerRecord<>(
                            "livegraft.feedback", 2, "boats".getBytes(StandardCharsets.UTF_8), broken))
                    .get(30, TimeUnit.SECONDS);
            String tooLong = "word ".repeat(2000);
            FeedbackLog.Appended long1 = testing.send("boats", "long", PROMPT, tooLong);
            testing.send("boats", "e1", PROMPT, STORY);
            TrainerStatus status = testing.trainer("boats", found -> found.trained() + found.heldOut() == 1);
            assertTrue(status.offset() > long1.offset());

            List<ConsumerRecord<byte[], byte[]>> dead =
                    deadLetters(testing.node().bootstrapServers(), 2);
            ConsumerRecord<byte[], byte[]> first = dead.stream()
                    .filter(record -> record.value().length == 4)
                    .findFirst()
                    .orElseThrow();
            assertEquals("2", header(first, "partition"));
            assertEquals("0", header(first, "offset"));
            assertEquals("livegraft.feedback", header(first, "topic"));
            assertTrue(header(first, "reason").contains("can't be parsed"), header(first, "reason"));
        }
    }

    @Test
    void eachBadRequestHasOneClearRefusal() {
        try (TestingNode testing = new TestingNode(state)) {
            Node node = testing.node();
            assertRefused(node, "nobody", "hello", 4, ErrorCode.MODEL_NOT_FOUND);
            assertRefused(node, node.baseName(), "word ".repeat(2000), 4, ErrorCode.CONTEXT_LENGTH_EXCEEDED);
            LivegraftException noId = assertThrows(LivegraftException.class, () -> {
                try {
                    node.feedback()
                            .append("boats", FeedbackRecord.getDefaultInstance())
                            .toCompletableFuture()
                            .join();
                } catch (CompletionException e) {
                    throw (LivegraftException) e.getCause();
                }
            });
            assertEquals(ErrorCode.INVALID_REQUEST, noId.code());

            LivegraftException busy = assertThrows(LivegraftException.class, () -> new TestingNode(state));
            assertEquals(ErrorCode.CONFLICT, busy.code());
        }
    }

    private static void assertRefused(Node node, String model, String prompt, int tokens, ErrorCode code) {
        Inference.Admission admission = TestingNode.get(node.inference()
                .generate(new GenerationRequest(model, new Prompt.Text(prompt), SamplingSettings.greedy(tokens))));
        assertEquals(
                code,
                assertInstanceOf(Inference.Admission.Refused.class, admission).code());
    }

    private static void teach(TestingNode testing, int from, int to) {
        for (int i = from; i < to; i++) {
            testing.send("boats", "event-" + i, PROMPT, STORY);
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> deadLetters(String bootstrapServers, int count) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(List.of(new TopicPartition("livegraft.feedback.dlq", 0)));
            consumer.seekToBeginning(consumer.assignment());
            for (int attempts = 0; records.size() < count && attempts < 60; attempts++) {
                consumer.poll(Duration.ofMillis(500)).forEach(records::add);
            }
        }
        return records;
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
