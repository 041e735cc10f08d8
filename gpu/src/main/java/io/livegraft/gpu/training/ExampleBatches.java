package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;

/** Goes through all examples again and again, each round in a new order that follows from the seed. */
public final class ExampleBatches<T> {
    private final List<T> examples;
    private final ToIntFunction<T> size;
    private final int batchSize;
    private final SplittableRandom random;
    private int next;

    /**
     * @param size what an example counts towards a batch: its tokens, or 1
     * @param batchSize a batch takes examples until they count this much
     */
    public ExampleBatches(List<T> examples, ToIntFunction<T> size, int batchSize, long seed) {
        this.examples = new ArrayList<>(examples);
        this.size = size;
        this.batchSize = batchSize;
        this.random = new SplittableRandom(seed);
        this.next = examples.size();
    }

    /** By tokens, prompts too. */
    public static ExampleBatches<TrainingExample> ofTokens(List<TrainingExample> examples, int batchTokens, long seed) {
        return new ExampleBatches<>(examples, example -> example.tokens().length, batchTokens, seed);
    }

    /** At least one example. */
    public List<T> next() {
        List<T> batch = new ArrayList<>();
        for (int counted = 0; counted < batchSize; ) {
            if (next == examples.size()) {
                shuffle();
                next = 0;
            }
            T example = examples.get(next++);
            batch.add(example);
            counted += size.applyAsInt(example);
        }
        return batch;
    }

    /** Fisher and Yates, as Durstenfeld's algorithm 235. */
    private void shuffle() {
        for (int i = examples.size() - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            T swapped = examples.get(i);
            examples.set(i, examples.get(j));
            examples.set(j, swapped);
        }
    }
}
