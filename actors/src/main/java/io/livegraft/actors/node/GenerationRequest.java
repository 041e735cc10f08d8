package io.livegraft.actors.node;

import io.livegraft.gpu.generation.SamplingSettings;

/**
 * What a client asks for.
 *
 * @param model the base's name, {@code tenant}, {@code tenant:version} or {@code tenant@alias} (serving, previous, candidate)
 */
public record GenerationRequest(String model, Prompt prompt, SamplingSettings sampling) {}
