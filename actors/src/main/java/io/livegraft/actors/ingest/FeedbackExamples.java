package io.livegraft.actors.ingest;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a feedback event asks a model to imitate; the one place that says so. */
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

    /** Either an example (or nothing to imitate), or why the event can't be used. */
    public sealed interface Mapped {
        /** An event to learn from; without an example for a rejected answer. */
        record Usable(Optional<TrainingExample> example) implements Mapped {}

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
        if (record.hasRating() && record.getRating() == Rating.REJECTED) {
            return new Mapped.Usable(Optional.empty());
        }
        try {
            return fitting(example(record));
        } catch (LivegraftException refusal) {
            return new Mapped.Unusable(String.valueOf(refusal.getMessage()));
        }
    }

    /** The event's own time, not a clock's: an example is a function of its record. */
    private TrainingExample example(FeedbackRecord record) {
        String target = record.hasCorrection() ? record.getCorrection() : record.getCompletion();
        return record.getMessagesList().isEmpty()
                ? encoding.example(record.getPrompt(), target)
                : encoding.example(messages(record), target, Instant.ofEpochMilli(record.getEventTimeMillis()));
    }

    private Mapped fitting(TrainingExample example) {
        return example.tokens().length <= mostTokens
                ? new Mapped.Usable(Optional.of(example))
                : new Mapped.Unusable("prompt and completion have %d tokens, expected at most %d"
                        .formatted(example.tokens().length, mostTokens));
    }

    private static List<ChatMessage> messages(FeedbackRecord record) {
        return record.getMessagesList().stream()
                .map(message -> new ChatMessage(message.getRole(), message.getContent()))
                .toList();
    }
}
