package io.livegraft.actors.node;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** Answers requests; a refusal is a value, never a failed stage. */
public interface Inference {
    CompletionStage<Admission> generate(GenerationRequest request);

    /** Whether a request is being answered. */
    sealed interface Admission {
        /**
         * The version is fixed from here to the last token.
         *
         * @param deltas one element for each token, the last one with its finish reason; runs once; cancelling it ends
         *     the generation; it fails with a {@link io.livegraft.gpu.error.LivegraftException} when the device does
         */
        record Admitted(ServedVersion version, int promptTokens, Source<GenerationDelta, NotUsed> deltas)
                implements Admission {}

        record Refused(ErrorCode code, String message) implements Admission {}
    }
}
