package io.livegraft.gpu.backend;

import java.util.Optional;

/** What a backend whose weights may outlive the process can do beside {@link Backend}'s operations. */
public interface WeightImages {
    /** Of a backend that makes none. */
    WeightImages NONE = new WeightImages() {
        @Override
        public Optional<String> layout() {
            return Optional.empty();
        }

        @Override
        public Optional<WeightImage> image(LinearWeight weight) {
            return Optional.empty();
        }

        @Override
        public Optional<LinearWeight> restore(WeightImage image) {
            return Optional.empty();
        }
    };

    /** Version of the forms, e.g. {@code strips-2}; empty where the backend makes no images. */
    Optional<String> layout();

    /** Of a weight that this backend made; empty where it is not in native memory, but as its file has it. */
    Optional<WeightImage> image(LinearWeight weight);

    /** The weight, in the image's own memory; empty where the image does not fit its form. */
    Optional<LinearWeight> restore(WeightImage image);
}
