package io.livegraft.actors.node;

import io.livegraft.gpu.generation.SamplingSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a client asks for.
 *
 * @param model the base's name, {@code tenant}, {@code tenant:version} or {@code tenant@alias} (serving, previous, candidate)
 * @param choices one for each answer wanted, at least one; all are made by the same version
 * @param deadline how long the whole answer may take from here on; what is not done by then fails
 */
public record GenerationRequest(
        String model, Prompt prompt, List<SamplingSettings> choices, Optional<Duration> deadline) {
    public GenerationRequest {
        choices = List.copyOf(choices);
    }

    /** One answer, whenever it comes. */
    public GenerationRequest(String model, Prompt prompt, SamplingSettings sampling) {
        this(model, prompt, List.of(sampling), Optional.empty());
    }
}
