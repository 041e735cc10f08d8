package io.livegraft.actors.ingest;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.training.TrainingExample;
import java.time.Instant;
import java.util.List;

/** One token per character; knows no tools. */
final class CharacterEncoding implements FeedbackExamples.Encoding {
    @Override
    public TrainingExample example(String prompt, String completion) {
        return new TrainingExample((prompt + completion).chars().toArray(), prompt.length());
    }

    @Override
    public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
        if (messages.getFirst().role().equals("tool")) {
            throw new LivegraftException(ErrorCode.INVALID_REQUEST, "no tools");
        }
        return example(messages.getFirst().content() + time + ">", answer);
    }
}
