package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.backend.AdamWPart;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.List;

/** Both moments in one float32 tensor each on the device, in the workspace in use when this is made. */
final class FloatAdamW implements AdamW {
    private final Backend backend;
    private final ParameterLayout layout;
    private final Tensor first;
    private final Tensor second;

    FloatAdamW(Backend backend, ParameterLayout layout, Moments.Float32 moments) {
        this.backend = backend;
        this.layout = layout;
        this.first = uploaded(moments.first());
        this.second = uploaded(moments.second());
    }

    private Tensor uploaded(float[] moment) {
        Tensor tensor = backend.allocateUnset(Offloadable.MOMENTS, 1, layout.size());
        backend.upload(tensor, moment);
        return tensor;
    }

    @Override
    public void step(
            Tensor values, Tensor gradients, OptimizerSettings settings, long stepsTaken, double gradientNorm) {
        if (settings.uniform()) {
            backend.adamW(values, first, second, gradients, settings.step(stepsTaken, gradientNorm));
            return;
        }
        List<AdamWPart> parts = new ArrayList<>();
        for (ParameterLayout.Entry entry : layout.entries()) {
            parts.add(new AdamWPart(
                    part(values, entry),
                    part(first, entry),
                    part(second, entry),
                    part(gradients, entry),
                    settings.step(entry.name(), stepsTaken, gradientNorm)));
        }
        backend.adamW(parts);
    }

    @Override
    public Moments moments() {
        return new Moments.Float32(download(first), download(second));
    }

    private Tensor part(Tensor arena, ParameterLayout.Entry entry) {
        return backend.view(arena, entry.offset(), 1, entry.size());
    }

    private float[] download(Tensor tensor) {
        float[] values = new float[layout.size()];
        backend.download(values, tensor);
        return values;
    }
}
