package io.livegraft.actors.trainer;

import io.livegraft.gpu.model.ModelConfig;

/**
 * What the states and versions of all tenants of a node depend on besides their logs (law 1).
 *
 * @param topic that the logs are in
 * @param configDigest of settings, bounds, general set and profile
 * @param profile what the engine's bits depend on
 */
public record TrainingBasis(
        TrainerSettings settings,
        ModelConfig model,
        String topic,
        String baseDigest,
        String configDigest,
        String profile) {

    /**
     * With the config digest that follows.
     *
     * @param settings for this base
     * @param generalDigest of the general set that versions are judged by
     */
    public static TrainingBasis of(
            TrainerSettings settings,
            LogBounds bounds,
            String generalDigest,
            ModelConfig model,
            String topic,
            String baseDigest,
            String profile) {
        String configDigest = settings.configDigest(profile, bounds, generalDigest);
        return new TrainingBasis(settings, model, topic, baseDigest, configDigest, profile);
    }
}
