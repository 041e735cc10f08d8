package io.livegraft.gpu.model;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** The architectures that can be read, with the defaults of their Hugging Face config classes for absent fields. */
enum Family {
    LLAMA("LlamaForCausalLM", 2048, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(1), OptionalInt.of(2)),
    MISTRAL(
            "MistralForCausalLM",
            131_072,
            OptionalInt.of(8),
            OptionalInt.empty(),
            OptionalInt.of(1),
            OptionalInt.of(2)),
    QWEN2(
            "Qwen2ForCausalLM",
            32_768,
            OptionalInt.of(32),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty()),
    QWEN3(
            "Qwen3ForCausalLM",
            32_768,
            OptionalInt.of(32),
            OptionalInt.of(128),
            OptionalInt.empty(),
            OptionalInt.empty());

    private final String architecture;
    private final int maxPositions;
    private final OptionalInt kvHeads;
    private final OptionalInt headDim;
    private final OptionalInt bos;
    private final OptionalInt eos;

    Family(
            String architecture,
            int maxPositions,
            OptionalInt kvHeads,
            OptionalInt headDim,
            OptionalInt bos,
            OptionalInt eos) {
        this.architecture = architecture;
        this.maxPositions = maxPositions;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.bos = bos;
        this.eos = eos;
    }

    /** By the first of {@code architectures}. */
    static Family of(JsonFile json) {
        String name = json.get("architectures").path(0).asText();
        return Arrays.stream(values())
                .filter(family -> family.architecture.equals(name))
                .findFirst()
                .orElseThrow(() -> json.unexpected(
                        "architectures",
                        Arrays.stream(values())
                                .map(family -> "[\"%s\"]".formatted(family.architecture))
                                .collect(Collectors.joining(" or "))));
    }

    String architecture() {
        return architecture;
    }

    int maxPositions() {
        return maxPositions;
    }

    /** Empty: as many as query heads. */
    OptionalInt kvHeads() {
        return kvHeads;
    }

    /** Empty: the hidden size over the heads. */
    OptionalInt headDim() {
        return headDim;
    }

    /** Empty: a sequence begins with nothing. */
    OptionalInt bos() {
        return bos;
    }

    /** Empty: the file must say it. */
    OptionalInt eos() {
        return eos;
    }
}
