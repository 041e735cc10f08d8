package io.livegraft.gpu.cpu;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.LossPass;
import io.livegraft.gpu.training.LossTask;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingInput;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every operation of a whole training step, on the values and shapes that a step really has. */
class TransformerTwinTest {
    @Test
    void everyOperationOfAStepAgrees() {
        try (VectorBackend vector = new VectorBackend(2)) {
            Backend both = new TwinBackend(new ReferenceBackend(), vector).both();
            ParameterLayout layout = TransformerWeights.layout(TinyModel.CONFIG);
            Tensor values = both.upload(TinyModel.weights(3), 1, layout.size());
            Tensor gradients = both.allocate(1, layout.size());
            Transformer transformer =
                    new Transformer(both, TransformerWeights.trained(both, TinyModel.CONFIG, values, gradients));
            AdapterTensors adapter = AdapterTensors.forTraining(both, TinyModel.adapter(5));
            LossTask task =
                    LossTask.first(TrainingInput.supervised(TinyModel.examples()), new Sft(), Optional.of(adapter));
            new LossPass(both, transformer, transformer, List.of(task), 64).finish();
        }
    }
}
