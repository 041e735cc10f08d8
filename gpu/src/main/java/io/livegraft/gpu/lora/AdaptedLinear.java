package io.livegraft.gpu.lora;

import io.livegraft.gpu.model.ModelConfig;

/**
 * One linear layer of a base that an adapter changes: A is (rank, in), B is (out, rank).
 *
 * @param layer of the base, from 0
 * @param module linear kind, e.g. {@code q_proj}
 * @param scaling of {@code B·A}
 */
public record AdaptedLinear(int layer, String module, int rank, float scaling) {
    /** PEFT's name of A, e.g. {@code base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight}. */
    public String a() {
        return parameterPath() + ".lora_A.weight";
    }

    /** PEFT's name of B. */
    public String b() {
        return parameterPath() + ".lora_B.weight";
    }

    private String parameterPath() {
        return "base_model.model." + ModelConfig.modulePath(layer, module);
    }
}
