package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.model.ModelConfig;
import java.util.List;

/** The published tokenizers that lie beside the checkout; a test that asks for one skips where they don't. */
final class RealTokenizers {
    private RealTokenizers() {}

    static Tokenizer llama() {
        return load("llama", 32000, 1, 2);
    }

    static Tokenizer gpt2() {
        return load("gpt2", 50257, 50256, 50256);
    }

    private static Tokenizer load(String name, int vocab, int bos, int eos) {
        ModelConfig model = new ModelConfig(8, 8, 1, 1, 1, 8, vocab, 64, 1e-5f, 1e4, true, bos, List.of(eos));
        return Tokenizer.load(SharedFiles.require("vectors/tokenizers/" + name), model);
    }
}
