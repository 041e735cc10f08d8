package io.livegraft.gpu.lora;

import java.util.Optional;

/**
 * What a PEFT directory says of where its adapter comes from. Names of bases vary with who wrote them, so none is a reason to
 * refuse an adapter; modules and shapes are.
 *
 * @param base {@code base_model_name_or_path}
 * @param revision of the base
 * @param taskType e.g. {@code CAUSAL_LM}
 */
public record AdapterOrigin(Optional<String> base, Optional<String> revision, Optional<String> taskType) {
    /** What Livegraft writes of its own adapters. */
    public static AdapterOrigin of(String base) {
        return new AdapterOrigin(Optional.of(base), Optional.empty(), Optional.of("CAUSAL_LM"));
    }
}
