package io.livegraft.gpu.weightcache;

import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.WeightImages;
import java.util.Optional;
import java.util.function.Supplier;

/** Weights of an earlier start; what has no image in the file, or none that fits, comes from the base's own. */
record KeptWeights(WeightFile file, WeightImages backend) implements BaseWeights {
    @Override
    public LinearWeight weight(String name, Supplier<LinearWeight> files) {
        return Optional.ofNullable(file.images().get(name))
                .flatMap(backend::restore)
                .orElseGet(files);
    }

    @Override
    public String baseDigest() {
        return file.header().baseDigest();
    }

    @Override
    public void complete() {
        // there already
    }
}
