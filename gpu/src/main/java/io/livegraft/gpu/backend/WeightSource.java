package io.livegraft.gpu.backend;

import java.util.function.Supplier;

/** Where the frozen weights of a base come from: made of its files, or kept from an earlier start. */
@FunctionalInterface
public interface WeightSource {
    /** Every weight is made anew. */
    WeightSource FILES = (name, files) -> files.get();

    /**
     * One weight.
     *
     * @param name Hugging Face's of the tensor
     * @param files reads and freezes it; slow
     */
    LinearWeight weight(String name, Supplier<LinearWeight> files);
}
