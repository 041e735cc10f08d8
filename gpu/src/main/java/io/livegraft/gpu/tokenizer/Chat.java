package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.training.TrainingExample;
import java.time.Instant;
import java.util.List;

/** How a base takes a conversation: by its own chat template, or as plain lines where it has none. */
public sealed interface Chat permits PlainChat, TemplateChat {
    /**
     * Ids up to where the assistant's next answer begins.
     *
     * @param time what a template that asks for the date is told; a request's own for answers, an event's for training
     * @throws io.livegraft.gpu.error.LivegraftException {@link ErrorCode#INVALID_REQUEST} for messages that the format or
     *     template refuses, {@link ErrorCode#INVALID_MODEL} for a template that can't be rendered
     */
    int[] prompt(Conversation conversation, Instant time);

    /** The same for turns without tools. */
    default int[] prompt(List<ChatMessage> messages, Instant time) {
        return prompt(new Conversation(messages), time);
    }

    /** Prompt, answer and the end of the turn as one sequence whose loss counts from the answer on. Refuses as above. */
    TrainingExample example(List<ChatMessage> messages, String answer, Instant time);

    /** Whether a space before the answer belongs to the format and not to the answer. */
    boolean answerFollowsSpace();
}
