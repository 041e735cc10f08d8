package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.training.TrainingExample;
import java.nio.file.Path;

/** The base's own tokenizer. */
public final class Tokenizer implements AutoCloseable {
    public static Tokenizer load(Path dir, ModelConfig config) {
        throw new UnsupportedOperationException();
    }

    public int[] encode(String text) {
        throw new UnsupportedOperationException();
    }

    public String decode(int[] ids) {
        throw new UnsupportedOperationException();
    }

    public TokenDecoder decoder() {
        throw new UnsupportedOperationException();
    }

    public TrainingExample example(String prompt, String completion) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
