package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Message;
import io.livegraft.proto.feedback.Rating;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FeedbackExamplesTest {
    private static final FeedbackRecord RECORD = FeedbackRecord.newBuilder()
            .setEventId("e")
            .setPrompt("ask")
            .setCompletion("answer")
            .build();

    private final FeedbackExamples examples = new FeedbackExamples(new CharacterEncoding(), 40);

    @Test
    void anUnlabelledAnAcceptedAndAPreferredCompletionAreTheTarget() {
        assertTarget("ask", "answer", RECORD);
        assertTarget(
                "ask", "answer", RECORD.toBuilder().setRating(Rating.ACCEPTED).build());
        assertTarget("ask", "answer", RECORD.toBuilder().setRejected("worse").build());
    }

    @Test
    void aCorrectionIsTheTarget() {
        assertTarget("ask", "better", RECORD.toBuilder().setCorrection("better").build());
    }

    @Test
    void aRejectedCompletionTeachesNothing() {
        assertEquals(
                new FeedbackExamples.Mapped.Usable(Optional.empty()),
                examples.map(RECORD.toBuilder().setRating(Rating.REJECTED).build()));
    }

    @Test
    void aConversationIsRenderedAtItsOwnTime() {
        FeedbackRecord chat = RECORD.toBuilder()
                .clearPrompt()
                .setEventTimeMillis(1_000)
                .addMessages(Message.newBuilder().setRole("user").setContent("hi"))
                .build();
        assertTarget("hi1970-01-01T00:00:01Z>", "answer", chat);
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

    private void assertTarget(String prompt, String completion, FeedbackRecord record) {
        TrainingExample example = assertInstanceOf(FeedbackExamples.Mapped.Usable.class, examples.map(record))
                .example()
                .orElseThrow();
        String text =
                IntStream.of(example.tokens()).mapToObj(Character::toString).reduce("", String::concat);
        assertEquals(prompt, text.substring(0, example.firstTarget()));
        assertEquals(completion, text.substring(example.firstTarget()));
    }
}
