package io.livegraft.actors.ingest;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.time.Instant;
import java.util.List;

/**
 * What a feedback event teaches; the one place that says so.
 *
 * <pre>{@code
 *   no label, ACCEPTED     better: completion
 *   REJECTED                                       worse: completion
 *   correction             better: correction      worse: completion
 *   rejected               better: completion      worse: rejected
 * }</pre>
 */
public final class FeedbackExamples {
    /** Prompt and completion as token ids, by the base's tokenizer. */
    public interface Encoding {
        TrainingExample example(String prompt, String completion);

        /** Refuses messages that the base's chat format can't take as {@link ErrorCode#INVALID_REQUEST}. */
        TrainingExample example(List<ChatMessage> messages, String answer, Instant time);

        static Encoding of(Tokenizer tokenizer) {
            return new Encoding() {
                @Override
                public TrainingExample example(String prompt, String completion) {
                    return tokenizer.example(prompt, completion);
                }

                @Override
                public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
                    return tokenizer.chat().example(messages, answer, time);
                }
            };
        }
    }

    /** Either what the event teaches, or why it can't be used. */
    public sealed interface Mapped {
        record Usable(Lesson lesson) implements Mapped {}

        record Unusable(String reason) implements Mapped {}
    }

    private final Encoding encoding;
    private final int mostTokens;

    /** Examples of at most so many tokens: what the base can attend to. */
    public FeedbackExamples(Encoding encoding, int mostTokens) {
        this.encoding = encoding;
        this.mostTokens = mostTokens;
    }

    public Mapped map(FeedbackRecord record) {
        try {
            return new Mapped.Usable(lesson(record));
        } catch (LivegraftException refusal) {
            return new Mapped.Unusable(String.valueOf(refusal.getMessage()));
        }
    }

    private Lesson lesson(FeedbackRecord record) {
        TrainingExample answer = example(record, record.getCompletion());
        return switch (record.getLabelCase()) {
            case CORRECTION -> Lesson.pair(example(record, record.getCorrection()), answer);
            case REJECTED -> Lesson.pair(answer, example(record, record.getRejected()));
            case RATING -> record.getRating() == Rating.REJECTED ? Lesson.worse(answer) : Lesson.better(answer);
            case LABEL_NOT_SET -> Lesson.better(answer);
        };
    }

    /** The event's own time, not a clock's: an example is a function of its record. */
    private TrainingExample example(FeedbackRecord record, String answer) {
        TrainingExample example = record.getMessagesList().isEmpty()
                ? encoding.example(record.getPrompt(), answer)
                : encoding.example(messages(record), answer, Instant.ofEpochMilli(record.getEventTimeMillis()));
        if (example.tokens().length > mostTokens) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST,
                    "prompt and completion have %d tokens, expected at most %d"
                            .formatted(example.tokens().length, mostTokens));
        }
        return example;
    }

    private static List<ChatMessage> messages(FeedbackRecord record) {
        return record.getMessagesList().stream()
                .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                .toList();
    }
}
