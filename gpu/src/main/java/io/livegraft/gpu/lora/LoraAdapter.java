package io.livegraft.gpu.lora;

import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * The values of one adapter in host memory (Hu et al., arXiv 2106.09685): A (r, in) and B (out, r) of every adapted linear layer,
 * float32, in one flat array by {@link #layout()}. Immutable by agreement: whoever holds {@link #values()} only reads it.
 */
public final class LoraAdapter {
    private final LoraConfig config;
    private final List<AdaptedLinear> linears;
    private final ParameterLayout layout;
    private final float[] values;

    private LoraAdapter(LoraConfig config, List<AdaptedLinear> linears, ParameterLayout layout, float[] values) {
        if (values.length != layout.size()) {
            throw new IllegalArgumentException(
                    "layout has %d parameters but there are %d values".formatted(layout.size(), values.length));
        }
        this.config = config;
        this.linears = linears;
        this.layout = layout;
        this.values = values;
    }

    /** The adapter whose values a function makes for its layout. */
    static LoraAdapter of(LoraConfig config, ModelConfig model, Function<ParameterLayout, float[]> values) {
        List<AdaptedLinear> linears = config.adaptedLinears(model);
        ParameterLayout layout = layout(linears, model);
        return new LoraAdapter(config, linears, layout, values.apply(layout));
    }

    /**
     * A fresh adapter that changes nothing yet: A as {@link Initialization} says, B = 0.
     *
     * @param seed makes A; the same seed makes the same bits
     */
    public static LoraAdapter initial(LoraConfig config, ModelConfig model, long seed) {
        LoraAdapter adapter = of(config, model, layout -> new float[layout.size()]);
        SplittableRandom random = new SplittableRandom(seed);
        for (AdaptedLinear linear : adapter.linears) {
            ParameterLayout.Entry a = adapter.layout.entry(linear.a());
            for (int i = 0; i < a.size(); i++) {
                adapter.values[a.offset() + i] = (float)
                        switch (config.initialization()) {
                            case KAIMING_UNIFORM -> (2 * random.nextDouble() - 1) * (1 / Math.sqrt(a.columns()));
                            case GAUSSIAN -> gaussian(random) / linear.rank();
                        };
            }
        }
        return adapter;
    }

    /** N(0, 1) by Box and Muller, which unlike {@code nextGaussian} has the same bits on every JDK. */
    private static double gaussian(SplittableRandom random) {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
    }

    /** Where an adapter's matrices lie: PEFT names in order of layer and module, A before B. */
    public static ParameterLayout layout(LoraConfig config, ModelConfig model) {
        return layout(config.adaptedLinears(model), model);
    }

    private static ParameterLayout layout(List<AdaptedLinear> linears, ModelConfig model) {
        ParameterLayout.Builder builder = ParameterLayout.builder();
        for (AdaptedLinear linear : linears) {
            builder.add(linear.a(), linear.rank(), model.inputFeatures(linear.module()));
            builder.add(linear.b(), model.outputFeatures(linear.module()), linear.rank());
        }
        return builder.build();
    }

    /** The same adapter with other values, in {@link #layout}. */
    public LoraAdapter withValues(float[] others) {
        return new LoraAdapter(config, linears, layout, others);
    }

    public LoraConfig config() {
        return config;
    }

    /** In order of layer and module. */
    public List<AdaptedLinear> linears() {
        return linears;
    }

    /** PEFT names in the order of {@link #linears}, A before B; A is (r, in), B is (out, r). */
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
