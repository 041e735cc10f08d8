package io.livegraft.gpu.engine;

import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.training.OptimizerSettings;
import io.livegraft.gpu.training.SlicedWork;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import java.util.List;
import java.util.Optional;

/** One base on one device: the only code that touches it. Used from one thread at a time. */
public final class Engine implements AutoCloseable {
    public static Engine open(EngineSettings settings) {
        throw new UnsupportedOperationException();
    }

    public ModelConfig config() {
        throw new UnsupportedOperationException();
    }

    public Tokenizer tokenizer() {
        throw new UnsupportedOperationException();
    }

    public String baseName() {
        throw new UnsupportedOperationException();
    }

    public String baseDigest() {
        throw new UnsupportedOperationException();
    }

    /** What the bits of a result depend on besides the inputs; part of every config digest. */
    public String profile() {
        throw new UnsupportedOperationException();
    }

    public StagedAdapter stage(LoraAdapter adapter) {
        throw new UnsupportedOperationException();
    }

    public Generation admit(int[] prompt, SamplingSettings sampling, Optional<StagedAdapter> adapter) {
        throw new UnsupportedOperationException();
    }

    public List<GenerationDelta> decode(List<Generation> batch) {
        throw new UnsupportedOperationException();
    }

    public SlicedWork<StepResult> train(
            TrainingState state, List<TrainingExample> examples, OptimizerSettings optimizer) {
        throw new UnsupportedOperationException();
    }

    public SlicedWork<Double> evaluate(Optional<LoraAdapter> adapter, List<TrainingExample> examples) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
