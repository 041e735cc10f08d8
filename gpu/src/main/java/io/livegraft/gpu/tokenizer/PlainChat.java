package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.training.TrainingExample;
import java.time.Instant;
import java.util.List;

/** {@link ChatFormat}, for bases without a template. */
record PlainChat(Tokenizer tokenizer) implements Chat {
    @Override
    public int[] prompt(Conversation conversation, Instant time) {
        if (!conversation.tools().isEmpty()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST,
                    "tools are given, but the base has no chat template to show them: expected none");
        }
        return tokenizer.encode(ChatFormat.render(conversation.messages()));
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
