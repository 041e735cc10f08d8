package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.device.ProcessMemory;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.gpu.transformer.TransformerWeights.Layer;
import java.util.OptionalLong;

/**
 * Where an engine's memory goes, in bytes.
 *
 * @param linear weights of the seven linear kinds in all layers
 * @param head of the base
 * @param embedding 0 where that is the head's own matrix
 * @param vectors norms and biases
 * @param page keys and values of {@code pageTokens} tokens
 * @param pages that are there for all sequences; they take memory as they are used for the first time, on a card at once
 * @param adapterRank one rank of an adapter on all linear kinds, served: at most, where ranks are multiples of 16
 * @param heap Java's, at most: workspaces are in it, and whatever above is not in native memory
 */
public record MemoryBudget(
        long linear,
        long head,
        long embedding,
        long vectors,
        long page,
        int pageTokens,
        int pages,
        long adapterRank,
        long heap) {
    static MemoryBudget of(TransformerWeights weights, KvPages pages) {
        long linear = 0;
        long vectors = weights.finalNorm().weight().bytes();
        for (Layer layer : weights.layers()) {
            linear += layer.linears().values().stream()
                    .mapToLong(one -> one.bytes())
                    .sum();
            vectors += layer.vectors().mapToLong(one -> one.weight().bytes()).sum();
        }
        boolean shared = weights.embedding().equals(weights.head());
        LoraConfig rank = new LoraConfig(1, 1, false, LoraConfig.ALL_LINEAR);
        return new MemoryBudget(
                linear,
                weights.head().bytes(),
                shared ? 0 : weights.embedding().bytes(),
                vectors,
                pages.pageBytes(),
                pages.pageTokens(),
                pages.count(),
                4L * LoraAdapter.layout(rank, weights.config()).size(),
                Runtime.getRuntime().maxMemory());
    }

    /** All of the base. */
    public long weights() {
        return linear + head + embedding + vectors;
    }

    /** Of all sequences, at most. */
    public long keysAndValues() {
        return page * pages;
    }

    /**
     * One line, in MiB: what is there, what may come beside it with the setting that bounds each, and the process now, by which
     * a reader knows what Java and its libraries take.
     */
    public String description() {
        return "memory in MiB: weights %.1f (linear %.1f, head %.1f, embedding %.1f, norms and biases %.1f); at most beside them: keys and values %.1f in %d pages of %d tokens (kv-cache.memory), %.2f for each rank of an adapter (serving.staged-bytes), heap %.0f with workspaces in it (-Xmx)%s"
                .formatted(
                        mib(weights()),
                        mib(linear),
                        mib(head),
                        mib(embedding),
                        mib(vectors),
                        mib(keysAndValues()),
                        pages,
                        pageTokens,
                        mib(adapterRank),
                        mib(heap),
                        now());
    }

    private static String now() {
        OptionalLong resident = ProcessMemory.resident();
        return resident.isPresent()
                ? "; the process has %.0f now, %.0f of them heap"
                        .formatted(
                                mib(resident.getAsLong()),
                                mib(Runtime.getRuntime().totalMemory()))
                : "";
    }

    private static double mib(long bytes) {
        return bytes / (double) (1 << 20);
    }
}
