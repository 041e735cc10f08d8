package io.livegraft.actors.serving;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.metrics.AdapterTier;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Reads adapters that are wanted, away from the device's thread and from the replica's. */
record AdapterReader(ArtifactStore artifacts, ModelConfig model, Executor blocking) {
    /** The nearest tier that has it; {@code kept} is in host memory. */
    AdapterTier tier(String digest, Optional<LoraAdapter> kept) {
        if (kept.isPresent()) {
            return AdapterTier.HOST;
        }
        return artifacts.isCopied(digest) ? AdapterTier.DISK : AdapterTier.STORE;
    }

    /** At once where it is {@code kept}. */
    CompletionStage<LoraAdapter> read(String digest, Optional<LoraAdapter> kept) {
        return kept.<CompletionStage<LoraAdapter>>map(CompletableFuture::completedStage)
                .orElseGet(() -> CompletableFuture.supplyAsync(() -> read(digest), blocking));
    }

    private LoraAdapter read(String digest) {
        try {
            return artifacts.read(digest, model);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
