package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.replay.Rebuild;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions made anew from a real log, and what a forget, a reset and a configure in it come to. */
class RebuildTest {
    private static final AdminAction ANN =
            new AdminAction("ann", "because", OptionalInt.empty(), false, Optional.empty());
    private static final String PROMPT = "Once upon a time";

    @TempDir
    private Path state;

    @Test
    void everyVersionIsMadeAnewBitForBitAlsoAfterAForgetAResetAndAConfigure() throws IOException {
        try (TestingNode testing = new TestingNode(state, Map.of("livegraft.trainer.principal-events", 0))) {
            teach(testing, 0, 60);
            AdapterImage taught = settled(testing, 60);
            assertTrue(taught.versions().size() > 1, taught.toString());
            assertAllRebuilt(testing, taught);
            AdapterVersion before = taught.versions().getLast();
            String clean = testing.rebuilt("boats", before.number(), "bob").rebuiltDigest();
            assertNotEquals(before.digest(), clean);

            long forgotten = written(testing.node().logAdministration().forget("boats", "bob", ANN));
            AdapterImage without = testing.image(
                    "boats",
                    image -> !image.versions().isEmpty()
                            && image.versions().getLast().offset() == forgotten);
            AdapterVersion first = without.versions().getLast();
            assertEquals(clean, first.digest());
            assertEquals(before.number() + 1, first.number(), "numbers are never given twice");
            assertEquals(List.of(first), without.versions(), "every version had learned from bob");
            assertEquals(first.number(), without.serving());
            assertEquals("ann", entry(without, "forget"));
            assertOnlyCleanFiles(forgotten, Set.of(clean));
            TestingNode.until("the archive has only others' events", () -> archived("event-1"), found -> !found);
            assertTrue(archived("event-0"), "somebody else's event is gone from the archive");
            assertEquals(forgotten, testing.trainer("boats", status -> true).lineOffset());
            testing.serves("boats", first.number());

            teach(testing, 60, 90);
            AdapterImage more = settled(testing, 70);
            assertAllRebuilt(testing, more);

            written(testing.node().logAdministration().reset("boats", first.number(), ANN));
            TrainerStatus reset = testing.trainer("boats", status -> status.undone() == 30);
            assertEquals(first.step(), reset.step());
            assertEquals("ann", entry(testing.image("boats", image -> true), "reset"));
            Configure values = Configure.newBuilder()
                    .setLearningRate(1e-4)
                    .setStepExamples(3)
                    .build();
            written(testing.node().logAdministration().configure("boats", values, ANN));
            teach(testing, 90, 110);
            AdapterImage last = settled(testing, 60);
            assertTrue(last.versions().getLast().number()
                    > more.versions().getLast().number());
            assertAllRebuilt(testing, last);
        }
    }

    @Test
    void whateverTheLossEveryVersionIsMadeAnewAndJudgedByItsLabels() {
        Map<String, Object> kto = Map.of(
                "livegraft.trainer.principal-events", 0,
                "livegraft.trainer.loss", "kto",
                "livegraft.trainer.held-out-share", 100,
                "livegraft.evaluation.tolerance", 1000);
        try (TestingNode testing = new TestingNode(state, kto)) {
            prefer(testing, 0, 40);
            AdapterImage preferred = settled(testing, 40);
            EvaluationReport report = preferred.versions().getLast().evaluation();
            assertEquals(Math.log(2), report.baseNll().orElseThrow(), 1e-12);
            assertTrue(report.candidateNll().orElseThrow() < Math.log(2), report.verdict());
            assertEquals(20, preferred.versions().getLast().lineage().labels().get("rejected"));
            assertAllRebuilt(testing, preferred);
            Configure bco = Configure.newBuilder().setLoss("bco").setBeta(0.2).build();
            written(testing.node().logAdministration().configure("boats", bco, ANN));
            prefer(testing, 40, 64);
            assertAllRebuilt(testing, settled(testing, 64));
        }
    }

    /** Blue answers are liked, others not. */
    private static void prefer(TestingNode testing, int from, int to) {
        for (int i = from; i < to; i++) {
            boolean liked = i % 2 == 0;
            FeedbackRecord record =
                    TestingNode.event("event-" + i, PROMPT, " there was a %s boat.".formatted(liked ? "blue" : "red"))
                            .toBuilder()
                            .setRating(liked ? Rating.ACCEPTED : Rating.REJECTED)
                            .build();
            TestingNode.get(testing.node().feedback().append("boats", record));
        }
    }

    @Test
    void whatCantBeDoneIsRefused() {
        try (TestingNode testing = new TestingNode(state)) {
            teach(testing, 0, 12);
            testing.settled("boats");
            LogAdministration log = testing.node().logAdministration();
            assertRefused(ErrorCode.MODEL_NOT_FOUND, log.forget("nobody", "bob", ANN));
            assertRefused(ErrorCode.INVALID_REQUEST, log.forget("boats", "", ANN));
            assertRefused(ErrorCode.MODEL_NOT_FOUND, log.reset("boats", 99, ANN));
            assertRefused(ErrorCode.INVALID_REQUEST, log.configure("boats", Configure.getDefaultInstance(), ANN));
            AdminAction stale = new AdminAction("ann", "", OptionalInt.of(99), false, Optional.empty());
            assertRefused(ErrorCode.CONFLICT, log.reset("boats", 0, stale));
            AdminAction dry = new AdminAction("ann", "", OptionalInt.empty(), true, Optional.empty());
            LogAdministration.Reply reply = TestingNode.get(log.forget("boats", "bob", dry));
            assertTrue(assertInstanceOf(LogAdministration.Reply.Written.class, reply)
                    .offset()
                    .isEmpty());
            assertInstanceOf(
                    LogAdministration.RebuildReply.Refused.class,
                    TestingNode.get(log.rebuild("boats", 99, Collections.emptySortedSet())));
            assertTrue(log.rebuilt("99").isEmpty());

            long nothing = written(log.forget("boats", "nobody", ANN));
            TrainerStatus status = testing.trainer("boats", trainer -> trainer.offset() >= nothing);
            assertEquals(0, status.lineOffset(), "nobody's events change nothing");
        }
    }

    private static void teach(TestingNode testing, int from, int to) {
        for (int i = from; i < to; i++) {
            FeedbackRecord record =
                    TestingNode.event("event-" + i, PROMPT, " there were %d boats.".formatted(i)).toBuilder()
                            .setSubject(List.of("ann", "bob", "cid").get(i % 3))
                            .build();
            TestingNode.get(testing.node().feedback().append("boats", record));
        }
    }

    private static AdapterImage settled(TestingNode testing, long taken) {
        testing.trainer("boats", status -> status.trained() + status.heldOut() >= taken);
        return testing.settled("boats");
    }

    private static void assertAllRebuilt(TestingNode testing, AdapterImage image) {
        for (AdapterVersion version : image.versions()) {
            Rebuild.Done done = testing.rebuilt("boats", version.number());
            assertEquals(version.digest(), done.rebuiltDigest(), version.toString());
            assertTrue(done.match());
            assertEquals(version.step(), done.steps());
        }
    }

    private void assertOnlyCleanFiles(long forgotten, Set<String> digests) {
        TestingNode.until(
                "only clean adapters are left", () -> names(state.resolve("adapters")), names -> names.equals(digests));
        TestingNode.until(
                "only clean checkpoints are left",
                () -> names(state.resolve("checkpoints").resolve("boats")),
                names -> names.stream().allMatch(name -> Long.parseLong(name.substring(0, 20)) >= forgotten));
    }

    /** Whether an event of that id is in a segment. */
    private boolean archived(String id) throws IOException {
        try (Stream<Path> files = Files.walk(state.resolve("archive"))) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".seg")).toList()) {
                String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (Pattern.compile(id + "[^0-9]").matcher(bytes).find()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith(".") && !name.endsWith(".pin"))
                    .collect(Collectors.toSet());
        }
    }

    /** Who was behind the last decision of this kind. */
    private static String entry(AdapterImage image, String action) {
        return image.history().stream()
                .filter(entry -> entry.action().equals(action))
                .reduce((earlier, later) -> later)
                .orElseThrow()
                .principal();
    }

    private static long written(CompletionStage<LogAdministration.Reply> reply) {
        return assertInstanceOf(LogAdministration.Reply.Written.class, TestingNode.get(reply))
                .offset()
                .orElseThrow();
    }

    private static void assertRefused(ErrorCode code, CompletionStage<LogAdministration.Reply> reply) {
        LogAdministration.Reply.Refused refused =
                assertInstanceOf(LogAdministration.Reply.Refused.class, TestingNode.get(reply));
        assertEquals(code, refused.code());
        assertFalse(refused.message().isEmpty());
    }
}
