package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Message;
import io.livegraft.proto.feedback.Rating;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FeedbackExamplesTest {
    private static final FeedbackRecord RECORD = FeedbackRecord.newBuilder()
            .setEventId("e")
            .setPrompt("ask")
            .setCompletion("answer")
            .build();

    private final FeedbackExamples examples = new FeedbackExamples(new CharacterEncoding(), 40);

    @Test
    void anUnlabelledAndAnAcceptedCompletionAreBetter() {
        assertLesson("ask|answer", "", RECORD);
        assertLesson(
                "ask|answer", "", RECORD.toBuilder().setRating(Rating.ACCEPTED).build());
    }

    @Test
    void aRejectedCompletionIsWorse() {
        assertLesson(
                "", "ask|answer", RECORD.toBuilder().setRating(Rating.REJECTED).build());
    }

    @Test
    void aCorrectionIsBetterThanTheCompletionAndThatIsBetterThanARejectedOne() {
        assertLesson(
                "ask|right",
                "ask|answer",
                RECORD.toBuilder().setCorrection("right").build());
        assertLesson(
                "ask|answer",
                "ask|wrong",
                RECORD.toBuilder().setRejected("wrong").build());
    }

    @Test
    void aWorseAnswerBeyondTheContextIsRefusedToo() {
        FeedbackExamples.Mapped mapped =
                examples.map(RECORD.toBuilder().setRejected("x".repeat(41)).build());
        assertInstanceOf(FeedbackExamples.Mapped.Unusable.class, mapped);
    }

    @Test
    void aConversationIsRenderedAtItsOwnTime() {
        FeedbackRecord chat = RECORD.toBuilder()
                .clearPrompt()
                .setEventTimeMillis(1_000)
                .addMessages(Message.newBuilder().setRole("user").setContent("hi"))
                .build();
        assertLesson("hi1970-01-01T00:00:01Z>|answer", "", chat);
    }

    @Test
    void whatTheChatFormatRefusesCanNotBeUsed() {
        FeedbackRecord chat = RECORD.toBuilder()
                .clearPrompt()
                .addMessages(Message.newBuilder().setRole("tool").setContent("hi"))
                .build();
        assertEquals(new FeedbackExamples.Mapped.Unusable("no tools"), examples.map(chat));
    }

    @Test
    void anExampleBeyondTheContextIsRefusedWithBothNumbers() {
        FeedbackExamples.Mapped mapped =
                examples.map(RECORD.toBuilder().setCompletion("x".repeat(41)).build());
        assertEquals(
                "prompt and completion have 44 tokens, expected at most 40",
                assertInstanceOf(FeedbackExamples.Mapped.Unusable.class, mapped).reason());
    }

    private void assertLesson(String better, String worse, FeedbackRecord record) {
        Lesson lesson = assertInstanceOf(FeedbackExamples.Mapped.Usable.class, examples.map(record))
                .lesson();
        assertEquals(better, text(lesson.better()));
        assertEquals(worse, text(lesson.worse()));
    }

    /** With a bar where the targets begin. */
    private static String text(Optional<TrainingExample> example) {
        return example.map(each -> new StringBuilder(new String(each.tokens(), 0, each.tokens().length))
                        .insert(each.firstTarget(), '|')
                        .toString())
                .orElse("");
    }
}
