package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.training.TrainingExample;
import java.time.Instant;
import java.util.List;

/** {@link ChatFormat}, for bases without a template. */
record PlainChat(Tokenizer tokenizer) implements Chat {
    @Override
    public int[] prompt(List<ChatMessage> messages, Instant time) {
        return tokenizer.encode(ChatFormat.render(messages));
    }

    @Override
    public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
        return tokenizer.example(ChatFormat.render(messages), " " + answer);
    }

    @Override
    public boolean answerFollowsSpace() {
        return true;
    }
}
