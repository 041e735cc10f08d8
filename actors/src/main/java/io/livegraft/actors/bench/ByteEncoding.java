package io.livegraft.actors.bench;

import io.livegraft.actors.ingest.FeedbackExamples;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.training.TrainingExample;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** Stands in for a tokenizer where its cost is not to be measured: each byte is a token. */
final class ByteEncoding implements FeedbackExamples.Encoding {
    @Override
    public TrainingExample example(String prompt, String completion) {
        byte[] bytes = (prompt + completion).getBytes(StandardCharsets.UTF_8);
        int[] tokens = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            tokens[i] = bytes[i] & 0xFF;
        }
        return new TrainingExample(tokens, prompt.length());
    }

    @Override
    public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
        return example(
                String.join("", messages.stream().map(ChatMessage::content).toList()), answer);
    }
}
