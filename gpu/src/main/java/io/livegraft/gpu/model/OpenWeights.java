package io.livegraft.gpu.model;

import io.livegraft.gpu.safetensors.SafetensorsFile;
import io.livegraft.gpu.tensor.HostTensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The files of a checkpoint, mapped as far as they are asked for; names must be of tensors that are there. */
final class OpenWeights implements AutoCloseable {
    private final WeightFiles weights;
    private final Map<Path, SafetensorsFile> open = new HashMap<>();

    OpenWeights(WeightFiles weights) {
        this.weights = weights;
    }

    /** A copy as float32. */
    HostTensor read(String name) {
        return file(name).read(name);
    }

    /** In place, until {@link #close()}. */
    MemorySegment bytes(String name) {
        return file(name).bytes(name);
    }

    private SafetensorsFile file(String name) {
        Path file = Objects.requireNonNull(weights.fileByTensor().get(name), name);
        return open.computeIfAbsent(file, SafetensorsFile::open);
    }

    @Override
    public void close() {
        open.values().forEach(SafetensorsFile::close);
    }
}
