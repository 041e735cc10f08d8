package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.BlockwiseMoments;
import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Moments in 8 bits (Dettmers et al., arXiv 2110.02861): a tensor's moments are dequantized, updated in float32 and quantized
 * again: by the backend where it can, else one tensor after the other, so that only the largest tensor's are ever there in float32.
 */
final class BlockwiseAdamW implements AdamW {
    /** Where a tensor's moments are. */
    private sealed interface Kept {
        record Here(TensorMoments moments) implements Kept {}

        record OnBackend(BlockwiseMoments moments) implements Kept {}
    }

    private final Backend backend;
    private final List<ParameterLayout.Entry> entries;
    private final List<Kept> tensors = new ArrayList<>();

    BlockwiseAdamW(Backend backend, ParameterLayout layout, Moments.Blockwise moments) {
        this.backend = backend;
        this.entries = layout.entries();
        if (moments.tensors().size() != entries.size()) {
            throw new IllegalArgumentException("moments of %d tensors for a layout of %d"
                    .formatted(moments.tensors().size(), entries.size()));
        }
        moments.tensors().forEach(one -> tensors.add(kept(one)));
    }

    private Kept kept(TensorMoments moments) {
        Optional<BlockwiseMoments> onBackend =
                switch (moments) {
                    case TensorMoments.Plain _ -> Optional.empty();
                    case TensorMoments.Quantized(var m, var v) ->
                        backend.blockwise(new BlockwiseState(m.on(DynamicMap.SIGNED), v.on(DynamicMap.UNSIGNED)));
                };
        return onBackend.<Kept>map(Kept.OnBackend::new).orElseGet(() -> new Kept.Here(moments));
    }

    @Override
    public void step(
            Tensor values, Tensor gradients, OptimizerSettings settings, long stepsTaken, double gradientNorm) {
        for (int i = 0; i < entries.size(); i++) {
            ParameterLayout.Entry entry = entries.get(i);
            Tensor p = backend.view(values, entry.offset(), 1, entry.size());
            Tensor g = backend.view(gradients, entry.offset(), 1, entry.size());
            AdamWStep step = settings.step(entry.name(), stepsTaken, gradientNorm);
            switch (tensors.get(i)) {
                case Kept.OnBackend(var moments) -> moments.step(p, g, step);
                case Kept.Here(var moments) -> tensors.set(i, new Kept.Here(stepped(p, g, moments, step)));
            }
        }
    }

    private TensorMoments stepped(Tensor p, Tensor g, TensorMoments moments, AdamWStep step) {
        int size = p.columns();
        Tensor m = backend.upload(moments.first(), 1, size);
        Tensor v = backend.upload(moments.second(), 1, size);
        backend.adamW(p, m, v, g, step);
        return TensorMoments.of(download(m, size), download(v, size));
    }

    @Override
    public Moments moments() {
        return new Moments.Blockwise(
                tensors.stream().map(BlockwiseAdamW::copied).toList());
    }

    private static TensorMoments copied(Kept kept) {
        return switch (kept) {
            case Kept.Here(var moments) -> moments;
            case Kept.OnBackend(var moments) -> {
                BlockwiseState state = moments.state();
                yield new TensorMoments.Quantized(BlockwiseCodes.of(state.first()), BlockwiseCodes.of(state.second()));
            }
        };
    }

    private float[] download(Tensor tensor, int size) {
        float[] values = new float[size];
        backend.download(values, tensor);
        return values;
    }
}
