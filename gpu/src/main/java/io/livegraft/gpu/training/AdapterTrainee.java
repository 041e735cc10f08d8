package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** An adapter on a frozen base. */
final class AdapterTrainee implements Trainee {
    private final FileTraining.Settings settings;
    private final ModelDirectory base;
    private final Backend backend;
    private final Transformer transformer;
    private final Optional<LoraAdapter> reference;
    private TrainingState state;

    AdapterTrainee(FileTraining.Settings settings, ModelDirectory base, Backend backend, Precision precision) {
        this.settings = settings;
        this.base = base;
        this.backend = backend;
        this.transformer =
                new Transformer(backend, TransformerWeights.frozen(backend, base, precision), settings.checkpointing());
        Optional<LoraAdapter> continued = settings.adapter().map(this::read);
        this.reference = settings.reference().map(this::read).or(() -> continued);
        this.state = TrainingState.initial(
                continued.orElseGet(() -> LoraAdapter.initial(settings.lora(), base.config(), settings.seed())));
    }

    private LoraAdapter read(Path adapter) {
        return PeftDirectory.read(adapter, base.config());
    }

    @Override
    public LossReport step(List<TrainingInput> inputs) {
        StepPlan plan = new StepPlan(state, inputs, settings.loss(), reference, settings.optimizer(), settings.seed());
        StepResult result = new AdapterTraining(backend, transformer, plan, settings.sliceTokens()).finish();
        state = result.state();
        return new LossReport(result.loss(), result.targetTokens(), result.rewards(), state.statistics());
    }

    @Override
    public int parameters() {
        return state.adapter().layout().size();
    }

    @Override
    public String write(Path out) {
        return PeftDirectory.write(out, state.adapter(), base.name());
    }
}
