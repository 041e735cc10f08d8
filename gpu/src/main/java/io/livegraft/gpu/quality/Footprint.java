package io.livegraft.gpu.quality;

import io.livegraft.gpu.transformer.Linear;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.gpu.transformer.TransformerWeights.Layer;

/**
 * Memory of a frozen base, of the objects that hold it.
 *
 * @param linearBytes of the seven linear kinds in all layers
 * @param linearWeights how many weights these hold
 * @param bytes of everything
 */
public record Footprint(long linearBytes, long linearWeights, long bytes) {
    public static Footprint of(TransformerWeights weights) {
        long linearBytes = 0;
        long linearWeights = 0;
        long other = embedding(weights)
                + weights.finalNorm().weight().bytes()
                + weights.head().bytes();
        for (Layer layer : weights.layers()) {
            for (Linear linear : layer.linears().values()) {
                linearBytes += linear.bytes();
                linearWeights += weights(linear);
            }
            other +=
                    layer.vectors().mapToLong(vector -> vector.weight().bytes()).sum();
        }
        return new Footprint(linearBytes, linearWeights, linearBytes + other);
    }

    public double bitsPerWeight() {
        return 8.0 * linearBytes / linearWeights;
    }

    /** A tied head's own matrix counts once. */
    private static long embedding(TransformerWeights weights) {
        return weights.embedding().equals(weights.head())
                ? 0
                : weights.embedding().bytes();
    }

    private static long weights(Linear linear) {
        return switch (linear) {
            case Linear.Frozen(var weight) -> (long) weight.outputFeatures() * weight.inputFeatures();
            case Linear.Trained(var weight, var gradient) -> (long) weight.rows() * weight.columns();
        };
    }
}
