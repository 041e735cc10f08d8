package io.livegraft.gpu.backend;

/**
 * One of several products that are asked for together.
 *
 * <pre>{@code
 *   c (M,N) = or += scale · op(a) (M,K) · b (K,N)
 * }</pre>
 */
public record Product(Tensor c, Tensor a, Operand aOperand, Factor b, float scale, boolean accumulate) {
    /** {@code c = scale · a · b}. */
    public static Product into(Tensor c, Tensor a, Factor b, float scale) {
        return new Product(c, a, Operand.PLAIN, b, scale, false);
    }

    /** {@code c += scale · a · b}. */
    public static Product adding(Tensor c, Tensor a, Factor b, float scale) {
        return new Product(c, a, Operand.PLAIN, b, scale, true);
    }

    /** {@code c += scale · aᵀ · b}. */
    public static Product addingTransposed(Tensor c, Tensor a, Factor b, float scale) {
        return new Product(c, a, Operand.TRANSPOSED, b, scale, true);
    }
}
