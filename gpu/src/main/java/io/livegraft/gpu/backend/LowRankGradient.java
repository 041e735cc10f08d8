package io.livegraft.gpu.backend;

/**
 * The backward pass of what a low-rank pair adds to some rows of a linear layer, {@code y += s·(x·Aᵀ)·Bᵀ}.
 *
 * <pre>{@code
 *   dh = s·dy·B      dx += dh·A      dB += s·dyᵀ·(x·Aᵀ)      dA += dhᵀ·x
 * }</pre>
 *
 * @param dx (N,in), added to
 * @param dy (N,out)
 * @param x (N,in)
 * @param a A (r,in)
 * @param b B (out,r)
 * @param aGradient (r,in), added to
 * @param bGradient (out,r), added to
 * @param scaling s
 */
public record LowRankGradient(
        Tensor dx, Tensor dy, Tensor x, Tensor a, Tensor b, Tensor aGradient, Tensor bGradient, float scaling) {
    public int rows() {
        return dy.rows();
    }

    public int rank() {
        return a.rows();
    }
}
