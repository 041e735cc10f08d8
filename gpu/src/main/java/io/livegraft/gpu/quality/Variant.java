package io.livegraft.gpu.quality;

import io.livegraft.gpu.tensor.Precision;

/** What is trained on which base. */
public enum Variant {
    FULL("full fine-tuning", Precision.FP32),
    LORA("LoRA", Precision.FP32),
    LORA_BF16("LoRA", Precision.BF16),
    QLORA_NF4_DQ("QLoRA", Precision.NF4),
    QLORA_NF4("QLoRA", Precision.NF4_SINGLE),
    QLORA_FP4("QLoRA", Precision.FP4),
    QLORA_INT4("QLoRA", Precision.INT4);

    private final String method;
    private final Precision precision;

    Variant(String method, Precision precision) {
        this.method = method;
        this.precision = precision;
    }

    /** E.g. {@code QLoRA}. */
    public String method() {
        return method;
    }

    /** Of the base's linear layers. */
    public Precision precision() {
        return precision;
    }

    public boolean trainsAdapter() {
        return this != FULL;
    }
}
