package io.livegraft.gpu.weightcache;

import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.backend.WeightImages;
import io.livegraft.gpu.model.ModelDirectory;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Weights that are made of the base's files, and handed to a cache once they are all there. */
final class NewWeights implements BaseWeights {
    /** Takes a base's weights in; keeps no reference to them. */
    interface Keeper {
        void keep(String baseDigest, SequencedMap<String, WeightImage> images);
    }

    private final ModelDirectory base;
    private final WeightImages backend;
    private final Optional<Keeper> keeper;
    private final TreeMap<String, WeightImage> images = new TreeMap<>();
    private Optional<String> digest = Optional.empty();

    /** @param keeper empty where nothing is kept */
    NewWeights(ModelDirectory base, WeightImages backend, Optional<Keeper> keeper) {
        this.base = base;
        this.backend = backend;
        this.keeper = keeper;
    }

    @Override
    public LinearWeight weight(String name, Supplier<LinearWeight> files) {
        LinearWeight weight = files.get();
        if (keeper.isPresent()) {
            backend.image(weight).ifPresent(image -> images.put(name, image));
        }
        return weight;
    }

    /** Read once; callers are of any thread. */
    @Override
    public synchronized String baseDigest() {
        String known = digest.orElseGet(base::digest);
        digest = Optional.of(known);
        return known;
    }

    @Override
    public void complete() {
        if (!images.isEmpty()) {
            keeper.ifPresent(to -> to.keep(baseDigest(), images));
        }
        images.clear();
        // what was read and quantized is garbage now; the collector gives no memory back unless asked
        System.gc();
    }
}
