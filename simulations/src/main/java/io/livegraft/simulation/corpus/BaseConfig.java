package io.livegraft.simulation.corpus;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The {@code config.json} of the bundled base: a Llama of about two million parameters. */
final class BaseConfig {
    static final int POSITIONS = 512;

    private BaseConfig() {}

    static ObjectNode json() {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.putArray("architectures").add("LlamaForCausalLM");
        config.put("model_type", "llama");
        config.put("vocab_size", CorpusWriter.VOCABULARY);
        config.put("hidden_size", 192);
        config.put("intermediate_size", 512);
        config.put("num_hidden_layers", 4);
        config.put("num_attention_heads", 6);
        config.put("num_key_value_heads", 3);
        config.put("head_dim", 32);
        config.put("max_position_embeddings", POSITIONS);
        config.put("rope_theta", 10000.0);
        config.put("rms_norm_eps", 1e-5);
        config.put("hidden_act", "silu");
        config.put("tie_word_embeddings", true);
        config.put("attention_bias", false);
        config.put("mlp_bias", false);
        config.put("bos_token_id", 0);
        config.put("eos_token_id", 1);
        config.put("torch_dtype", "bfloat16");
        return config;
    }
}
