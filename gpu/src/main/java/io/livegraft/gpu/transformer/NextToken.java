package io.livegraft.gpu.transformer;

/**
 * What the next token of a sequence is drawn from.
 *
 * @param logits (V), until its reader returns
 * @param logSumExp of the logits, nats
 */
public record NextToken(float[] logits, double logSumExp) {
    /** Natural log-probability of {@code id} under the unmodified distribution. */
    public float logprob(int id) {
        return (float) (logits[id] - logSumExp);
    }
}
