package io.livegraft.gpu.bench;

import io.livegraft.gpu.device.MemoryUse;
import io.livegraft.gpu.quality.Machine;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What {@link EngineBench} measured.
 *
 * @param parameters of the shape
 * @param kernels profile, and which kernel serves which phase
 * @param threads that computed
 * @param deviceMemory where that is not the process's own
 */
public record EngineReport(
        Machine machine,
        String shape,
        long parameters,
        String precision,
        String kernels,
        int threads,
        Ceilings ceilings,
        Memory memory,
        Start start,
        int promptTokens,
        Rate promptTokensPerSecond,
        List<Generation> generation,
        List<Batch> batches,
        Optional<MemoryUse> deviceMemory) {
    /**
     * Memory of the base.
     *
     * @param modelBytes that the base's weights take
     * @param tokenBytes of weights that a step of one token reads, its context aside: all but the embedding
     * @param residentBytes of the whole process with the base loaded and nothing else; Linux only
     */
    public record Memory(long modelBytes, long tokenBytes, OptionalLong residentBytes) {}

    /**
     * The way to a first token.
     *
     * @param weightsSeconds making the random weights and quantizing them
     * @param firstTokenSeconds of a short prompt right after that, all code still cold
     * @param processSeconds from the start of the process to that token
     */
    public record Start(double weightsSeconds, double firstTokenSeconds, double processSeconds) {}

    /**
     * One sequence.
     *
     * @param depthTokens that it had already
     * @param tokenBytes read for a token: weights and context
     * @param dramShare of the greatest {@link Ceilings#dramReadGigabytesPerSecond} that this needs; above 1 where caches hold the weights
     */
    public record Generation(int depthTokens, long tokenBytes, Rate tokensPerSecond, double dramShare) {}

    /**
     * Sequences side by side.
     *
     * @param adapters how many different ones they have; 0 for the base alone
     * @param tokensPerSecond of all sequences together
     * @param overBase over as many sequences without adapters
     * @param overOne over one sequence without adapter
     */
    public record Batch(int sequences, int adapters, Rate tokensPerSecond, double overBase, double overOne) {}
}
