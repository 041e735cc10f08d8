package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.WeightSource;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** The tensors of a base that stays as it is, each in its form on the device. */
record FrozenBase(
        Backend backend,
        ModelDirectory directory,
        BasePrecision precision,
        WeightSource source,
        Map<String, HostTensor> vectors) {
    static FrozenBase open(Backend backend, ModelDirectory directory, BasePrecision precision, WeightSource source) {
        return new FrozenBase(backend, directory, precision, source, directory.vectors());
    }

    /** A norm or a bias, as one row. */
    Tensor vector(String name) {
        HostTensor vector = Objects.requireNonNull(vectors.get(name), name);
        return backend.upload(vector.values(), 1, vector.rows());
    }

    Linear linear(String name) {
        return frozen(name, () -> FrozenLinear.load(backend, directory, name, precision.linears()));
    }

    Linear head() {
        String stored = tied() ? TransformerWeights.EMBEDDING : TransformerWeights.HEAD;
        return frozen(TransformerWeights.HEAD, () -> backend.freeze(directory.tensor(stored), precision.head()));
    }

    /** The head itself where they are tied and it lost nothing; else 16 bits where the file has no more. */
    Linear embedding(Linear head) {
        boolean halves = directory.dtype(TransformerWeights.EMBEDDING) == DType.BF16;
        Precision form = halves && precision.head() != Precision.FP32 ? Precision.BF16 : Precision.FP32;
        if (tied() && form == precision.head()) {
            return head;
        }
        return frozen(
                TransformerWeights.EMBEDDING,
                () -> backend.freezeTable(directory.tensor(TransformerWeights.EMBEDDING), form));
    }

    private boolean tied() {
        return directory.config().tieWordEmbeddings();
    }

    private Linear frozen(String name, Supplier<LinearWeight> files) {
        return new Linear.Frozen(source.weight(name, files));
    }
}
