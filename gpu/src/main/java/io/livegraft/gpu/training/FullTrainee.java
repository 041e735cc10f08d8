package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.safetensors.DType;
import java.nio.file.Path;
import java.util.List;

/** Every weight of a base. */
final class FullTrainee implements Trainee {
    private final FileTraining.Settings settings;
    private final FullTraining training;

    FullTrainee(FileTraining.Settings settings, ModelDirectory base, Backend backend) {
        if (settings.adapter().isPresent() || settings.reference().isPresent()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "method full trains the base's own weights and takes neither --adapter nor --reference");
        }
        this.settings = settings;
        this.training = settings.fromScratch()
                ? FullTraining.fromScratch(backend, base.config(), settings.seed(), settings.checkpointing())
                : FullTraining.from(backend, base, settings.checkpointing());
        if (settings.loss() instanceof PreferenceLoss) {
            training.freezeReference();
        }
    }

    @Override
    public LossReport step(List<TrainingInput> inputs) {
        return training.step(inputs, settings.loss(), settings.optimizer(), settings.sliceTokens());
    }

    @Override
    public int parameters() {
        return training.parameters();
    }

    @Override
    public String write(Path out) {
        ModelDirectory.write(out, settings.base(), training.tensors(), DType.BF16);
        return ModelDirectory.open(out).digest();
    }
}
