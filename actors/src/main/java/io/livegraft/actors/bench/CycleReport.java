package io.livegraft.actors.bench;

import io.livegraft.gpu.quality.Machine;

/**
 * Steps of several tenants, one after another and sharing passes over the base.
 *
 * @param stepTokens tokens of each step
 * @param aloneStepsPerSecond of all tenants together, in cycles of one step
 * @param togetherStepsPerSecond in cycles of up to all tenants' steps
 * @param sameBits whether all adapters ended the same both ways
 */
public record CycleReport(
        Machine machine,
        int tenants,
        int stepTokens,
        int steps,
        double aloneStepsPerSecond,
        double togetherStepsPerSecond,
        double gain,
        boolean sameBits) {}
