package io.livegraft.gpu.engine;

import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A base's tokenizer, read on a thread of its own while the device and the weights are made ready: each takes a third of a start. */
final class TokenizerLoading {
    private final CompletableFuture<Tokenizer> tokenizer;

    private TokenizerLoading(CompletableFuture<Tokenizer> tokenizer) {
        this.tokenizer = tokenizer;
    }

    static TokenizerLoading begin(Path base, ModelConfig config) {
        return new TokenizerLoading(CompletableFuture.supplyAsync(
                () -> Tokenizer.load(base, config),
                task -> Thread.ofPlatform().daemon().name("livegraft-tokenizer").start(task)));
    }

    /** Refuses as {@link Tokenizer#load}. */
    Tokenizer await() {
        try {
            return tokenizer.join();
        } catch (CompletionException failed) {
            throw switch (failed.getCause()) {
                case RuntimeException refused -> refused;
                case Error broken -> throw broken;
                case null, default -> failed;
            };
        }
    }

    /** Where the rest of the base failed; a tokenizer that can't be used is what its directory is refused for first. */
    void giveUp() {
        await().close();
    }
}
