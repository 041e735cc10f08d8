package io.livegraft.gpu.bench;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.bench.EngineReport.Batch;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The part of {@link EngineBench} with many sequences: every size with every number of adapters that it has room for. */
final class BatchBench {
    /** A run has at least so many steps, else as many as give the settings' tokens in all. */
    private static final int FEWEST_STEPS = 8;

    private final EngineBenchSettings settings;
    private final Backend backend;
    private final Transformer transformer;
    private final Consumer<String> progress;
    private final List<AdapterTensors> adapters;

    BatchBench(EngineBenchSettings settings, Backend backend, Transformer transformer, Consumer<String> progress) {
        this.settings = settings;
        this.backend = backend;
        this.transformer = transformer;
        this.progress = progress;
        this.adapters = IntStream.range(0, counts(sizes().last()).last())
                .mapToObj(seed -> RandomBase.adapter(settings.lora(), transformer.config(), seed))
                .map(transformer::stage)
                .toList();
    }

    List<Batch> run() {
        List<Batch> all = new ArrayList<>();
        Map<Integer, Rate> baseOnly = new HashMap<>();
        for (int sequences : sizes()) {
            for (int count : counts(sequences)) {
                progress.accept("%d sequences with %d adapters".formatted(sequences, count));
                int steps = Math.max(FEWEST_STEPS, settings.tokens() / sequences);
                var run = new GenerationRun(backend, transformer, inTurn(sequences, count), 0, steps);
                Rate rate = Rate.measure(settings.runs(), run.tokens(), run);
                baseOnly.putIfAbsent(sequences, rate);
                double overBase = rate.over(baseOnly.getOrDefault(sequences, rate));
                double overOne = rate.over(baseOnly.getOrDefault(1, rate));
                all.add(new Batch(sequences, count, rate, overBase, overOne));
            }
        }
        return all;
    }

    /** Of batches, 1 first. */
    private SortedSet<Integer> sizes() {
        SortedSet<Integer> sizes = new TreeSet<>(settings.batches());
        sizes.add(1);
        return sizes;
    }

    /** Numbers of different adapters, 0 first. */
    private SortedSet<Integer> counts(int sequences) {
        SortedSet<Integer> counts = new TreeSet<>();
        counts.add(0);
        settings.adapters().forEach(count -> counts.add(Math.min(count, sequences)));
        return counts;
    }

    private List<Optional<AdapterTensors>> inTurn(int sequences, int count) {
        return IntStream.range(0, sequences)
                .mapToObj(i -> count == 0 ? Optional.<AdapterTensors>empty() : Optional.of(adapters.get(i % count)))
                .toList();
    }
}
