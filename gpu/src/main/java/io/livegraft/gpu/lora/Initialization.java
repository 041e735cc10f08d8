package io.livegraft.gpu.lora;

/** How a fresh adapter's A (r, in) is drawn, PEFT's {@code init_lora_weights}; B is 0, so that nothing changes yet. */
public enum Initialization {
    /** {@code true}: U(−1/√in, 1/√in), which is Kaiming's uniform distribution (He et al., arXiv 1502.01852) with a = √5. */
    KAIMING_UNIFORM,
    /** {@code "gaussian"}: N(0, (1/r)²). */
    GAUSSIAN
}
