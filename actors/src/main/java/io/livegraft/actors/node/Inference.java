package io.livegraft.actors.node;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.GenerationDelta;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** Answers requests; a refusal is a value, never a failed stage. */
public interface Inference {
    CompletionStage<Admission> generate(GenerationRequest request);

    /** Whether a request is being answered. */
    sealed interface Admission {
        /**
         * The version is fixed from here to the last token of the last choice.
         *
         * @param choices of each choice one element for each token, the last one with its finish reason; runs once; cancelling
         *     it ends that choice; it fails with a {@link io.livegraft.gpu.error.LivegraftException} when the device does,
         *     or when the request's deadline passes
         */
        record Admitted(ServedVersion version, int promptTokens, List<Source<GenerationDelta, NotUsed>> choices)
                implements Admission {
            public Admitted {
                choices = List.copyOf(choices);
            }
        }

        /** Nothing was begun; {@code retryAfter} says when the same request may be taken, where that can be told. */
        record Refused(ErrorCode code, String message, Optional<Duration> retryAfter) implements Admission {
            /** Nothing said of later. */
            public Refused(ErrorCode code, String message) {
                this(code, message, Optional.empty());
            }
        }
    }
}
