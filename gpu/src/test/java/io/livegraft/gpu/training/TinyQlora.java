package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.model.TinyBase;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A tenant's QLoRA training on a tiny base in NF4 with dropout, alone or with neighbours, down to one digest. */
final class TinyQlora {
    /** A tenant: what it learns with, and how long its two sequences of a step are. */
    private record Tenant(int seed, Loss loss, LoraConfig lora, int first, int second) {
        List<TrainingInput> inputs(long step, int vocabulary) {
            SplittableRandom random = new SplittableRandom(1_000L * seed + step);
            TrainingExample one = example(random, first, vocabulary);
            TrainingExample two = example(random, second, vocabulary);
            return switch (loss) {
                case Sft() -> TrainingInput.supervised(List.of(one, two));
                case Dpo dpo -> List.of(new TrainingInput.Preference(one, two));
                case Kto kto -> labelled(one, two);
                case Bco bco -> labelled(one, two);
                case ApoZero apoZero -> labelled(one, two);
            };
        }

        private static List<TrainingInput> labelled(TrainingExample good, TrainingExample bad) {
            return List.of(new TrainingInput.Labelled(good, true), new TrainingInput.Labelled(bad, false));
        }

        private static TrainingExample example(SplittableRandom random, int length, int vocabulary) {
            return new TrainingExample(random.ints(length, 0, vocabulary).toArray(), 1 + length / 3);
        }
    }

    private static final LoraConfig LORA = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR).withDropout(0.1);
    private static final LoraConfig WIDE = new LoraConfig(9, 9, true, List.of("q_proj", "v_proj", "down_proj"));
    private static final Tenant WATCHED = new Tenant(1, new Sft(), LORA, 29, 14);
    private static final List<Tenant> NEIGHBOURS = List.of(
            new Tenant(2, new Sft(), WIDE, 3, 2),
            new Tenant(3, new Dpo(0.1, 0.1, true), LORA, 5, 7),
            new Tenant(4, new Kto(0.1, 1, 1), WIDE, 4, 4),
            new Tenant(5, new Bco(0.1), LORA, 6, 3),
            new Tenant(6, new ApoZero(0.1), WIDE, 2, 9),
            new Tenant(7, new Sft(), LORA, 11, 2),
            new Tenant(8, new Dpo(0.1, 0, false), WIDE, 3, 3));

    private static final OptimizerSettings ADAM = new OptimizerSettings(2e-3, 0.9, 0.999, 1e-8, 0.01, 1, 10);
    private static final int SLICE_TOKENS = 96;

    private TinyQlora() {}

    /** Writes a base of {@code TinyBase}'s kind, of this size. */
    static Path base(Path dir, int hidden, int intermediate, int vocabulary) {
        String config = TinyBase.CONFIG
                .replace("\"hidden_size\": 8", "\"hidden_size\": " + hidden)
                .replace("\"intermediate_size\": 12", "\"intermediate_size\": " + intermediate)
                .replace("\"vocab_size\": 16", "\"vocab_size\": " + vocabulary);
        TinyBase.withConfig(dir, config);
        ModelConfig model = ModelDirectory.open(dir).config();
        ModelDirectory.write(dir, dir, TinyBase.tensors(model, 11), DType.F32);
        return dir;
    }

    /** Of the watched tenant's losses, adapter and moments after some steps. */
    static String digest(
            Backend backend, Path base, int steps, GradientCheckpointing checkpointing, boolean neighbours) {
        ModelDirectory directory = ModelDirectory.open(base);
        Transformer transformer =
                new Transformer(backend, TransformerWeights.frozen(backend, directory, Precision.NF4), checkpointing);
        List<Tenant> tenants = new ArrayList<>(neighbours ? NEIGHBOURS : List.of());
        int watched = tenants.size() / 2;
        tenants.add(watched, WATCHED);
        List<TrainingState> states = tenants.stream()
                .map(tenant ->
                        TrainingState.initial(LoraAdapter.initial(tenant.lora(), directory.config(), tenant.seed())))
                .toList();
        MessageDigest digest = sha256();
        for (int step = 0; step < steps; step++) {
            List<StepResult> results = step(backend, transformer, tenants, states, step);
            states = results.stream().map(StepResult::state).toList();
            digest.update(
                    ByteBuffer.allocate(8).putDouble(0, results.get(watched).loss()));
        }
        add(digest, states.get(watched));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static List<StepResult> step(
            Backend backend, Transformer transformer, List<Tenant> tenants, List<TrainingState> states, int step) {
        int vocabulary = transformer.config().vocabSize();
        List<StepPlan> plans = IntStream.range(0, tenants.size())
                .mapToObj(i -> new StepPlan(
                        states.get(i),
                        tenants.get(i).inputs(step, vocabulary),
                        tenants.get(i).loss(),
                        Optional.empty(),
                        ADAM,
                        tenants.get(i).seed()))
                .toList();
        return new TrainingCycle(backend, transformer, plans, SLICE_TOKENS).finish();
    }

    private static void add(MessageDigest digest, TrainingState state) {
        add(digest, state.adapter().values());
        switch (state.moments().in(MomentPrecision.FLOAT32, state.adapter().layout())) {
            case Moments.Float32(var first, var second) -> {
                add(digest, first);
                add(digest, second);
            }
            case Moments.Blockwise blockwise -> throw new AssertionError("asked for float32, got " + blockwise);
        }
    }

    private static void add(MessageDigest digest, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
        bytes.asFloatBuffer().put(values);
        digest.update(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
