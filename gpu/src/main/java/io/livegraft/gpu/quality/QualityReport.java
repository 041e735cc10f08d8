package io.livegraft.gpu.quality;

import java.util.List;
import java.util.Optional;

/**
 * Everything that was measured.
 *
 * @param kernels profile, and which kernel serves which phase
 * @param damage of each precision, nothing trained; fp32 first
 * @param variants each trained with every seed; empty where there are no seeds
 */
public record QualityReport(String kernels, List<Damage> damage, List<Outcome> variants) {
    /**
     * The base alone with its linear layers in one precision.
     *
     * @param linearBytes of the linear layers
     * @param bitsPerWeight of the linear layers
     * @param heldOutNll mean negative log-likelihood per target token of the held-out rows, nats
     * @param damage heldOutNll over fp32's, minus 1
     * @param sampledDivergence mean extra negative log-likelihood over fp32's, nats per token, on text that the fp32 base wrote:
     *     an estimate of KL(fp32 ‖ this)
     * @param divergenceError standard error of that mean over the texts
     */
    public record Damage(
            String precision,
            long linearBytes,
            double bitsPerWeight,
            double heldOutNll,
            double damage,
            double sampledDivergence,
            double divergenceError) {}

    /**
     * One variant.
     *
     * @param accuracy share of held-out rows whose label has the lowest negative log-likelihood; empty without labels
     * @param trainableShare trained parameters over the base's parameters
     * @param overLora heldOutNll's mean over that of LoRA on the fp32 base, minus 1
     */
    public record Outcome(
            String method,
            String precision,
            Spread heldOutNll,
            Optional<Spread> accuracy,
            double overLora,
            long trainableParameters,
            double trainableShare,
            Bytes bytes,
            Spread seconds) {}

    /**
     * Memory of one variant while it trains, of the objects themselves.
     *
     * @param model everything of the base that is held, trained or not
     * @param adapter values of the adapter
     * @param moments both moments in float32
     * @param moments8 both moments in 8 bits
     * @param activations kept for the backward pass of one slice, without gradient checkpointing
     * @param activationsFull the same with full gradient checkpointing
     */
    public record Bytes(
            long model,
            long adapter,
            long gradients,
            long moments,
            long moments8,
            long activations,
            long activationsFull) {}
}
