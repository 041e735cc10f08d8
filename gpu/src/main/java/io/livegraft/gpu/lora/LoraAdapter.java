package io.livegraft.gpu.lora;

import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/** The values of one adapter in host memory; immutable by agreement: whoever holds {@link #values()} only reads it. */
public final class LoraAdapter {
    private final LoraConfig config;
    private final ParameterLayout layout;
    private final float[] values;

    public LoraAdapter(LoraConfig config, ParameterLayout layout, float[] values) {
        if (values.length != layout.size()) {
            throw new IllegalArgumentException(
                    "layout has %d parameters but there are %d values".formatted(layout.size(), values.length));
        }
        this.config = config;
        this.layout = layout;
        this.values = values;
    }

    /**
     * A fresh adapter that changes nothing yet: A ~ U(−1/√in, 1/√in) (Kaiming uniform with a = √5, as PEFT), B = 0.
     *
     * @param seed makes A; the same seed makes the same bits
     */
    public static LoraAdapter initial(LoraConfig config, ModelConfig model, long seed) {
        ParameterLayout layout = layout(config, model);
        float[] values = new float[layout.size()];
        SplittableRandom random = new SplittableRandom(seed);
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (entry.name().endsWith("lora_A.weight")) {
                double bound = 1 / Math.sqrt(entry.columns());
                for (int i = 0; i < entry.size(); i++) {
                    values[entry.offset() + i] = (float) ((2 * random.nextDouble() - 1) * bound);
                }
            }
        }
        return new LoraAdapter(config, layout, values);
    }

    /** PEFT names in order of layer, module, A before B; A is (r, in), B is (out, r). */
    public static ParameterLayout layout(LoraConfig config, ModelConfig model) {
        ParameterLayout.Builder builder = ParameterLayout.builder();
        for (int layer = 0; layer < model.layers(); layer++) {
            for (String module : config.targetModules()) {
                String path = parameterPath(layer, module);
                builder.add(path + ".lora_A.weight", config.rank(), model.inputFeatures(module));
                builder.add(path + ".lora_B.weight", model.outputFeatures(module), config.rank());
            }
        }
        return builder.build();
    }

    /** E.g. {@code base_model.model.model.layers.0.self_attn.q_proj}. */
    public static String parameterPath(int layer, String module) {
        return "base_model.model." + ModelConfig.modulePath(layer, module);
    }

    public LoraConfig config() {
        return config;
    }

    public ParameterLayout layout() {
        return layout;
    }

    public float[] values() {
        return values;
    }

    /** Copies by name, as the PEFT file holds them. */
    public SequencedMap<String, HostTensor> tensors() {
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : layout.entries()) {
            float[] copy = Arrays.copyOfRange(values, entry.offset(), entry.offset() + entry.size());
            tensors.put(entry.name(), HostTensor.matrix(entry.rows(), entry.columns(), copy));
        }
        return tensors;
    }
}
