package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Moments in 8 bits (Dettmers et al., arXiv 2110.02861): a tensor's moments are dequantized, updated in float32 and quantized
 * again, one tensor after the other, so that only the largest tensor's are ever there in float32.
 */
final class BlockwiseAdamW implements AdamW {
    private final Backend backend;
    private final List<ParameterLayout.Entry> entries;
    private final List<TensorMoments> tensors;

    BlockwiseAdamW(Backend backend, ParameterLayout layout, Moments.Blockwise moments) {
        this.backend = backend;
        this.entries = layout.entries();
        this.tensors = new ArrayList<>(moments.tensors());
        if (tensors.size() != entries.size()) {
            throw new IllegalArgumentException(
                    "moments of %d tensors for a layout of %d".formatted(tensors.size(), entries.size()));
        }
    }

    @Override
    public void step(
            Tensor values, Tensor gradients, OptimizerSettings settings, long stepsTaken, double gradientNorm) {
        for (int i = 0; i < entries.size(); i++) {
            ParameterLayout.Entry entry = entries.get(i);
            int size = entry.size();
            Tensor m = backend.upload(tensors.get(i).first(), 1, size);
            Tensor v = backend.upload(tensors.get(i).second(), 1, size);
            backend.adamW(
                    backend.view(values, entry.offset(), 1, size),
                    m,
                    v,
                    backend.view(gradients, entry.offset(), 1, size),
                    settings.step(entry.name(), stepsTaken, gradientNorm));
            tensors.set(i, TensorMoments.of(download(m, size), download(v, size)));
        }
    }

    @Override
    public Moments moments() {
        return new Moments.Blockwise(tensors);
    }

    private float[] download(Tensor tensor, int size) {
        float[] values = new float[size];
        backend.download(values, tensor);
        return values;
    }
}
