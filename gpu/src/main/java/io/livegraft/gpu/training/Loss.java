package io.livegraft.gpu.training;

/**
 * What a training step minimises: the mean of a scalar function over the step's examples or pairs. Each loss is that function
 * alone, its value and its slope; which sequences are scored, and how a slope becomes a gradient of the weights, is
 * {@link LossPass}'s part.
 */
public sealed interface Loss permits Sft, PreferenceLoss {}
