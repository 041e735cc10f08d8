package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Goes through all examples again and again, each round in a new order that follows from the seed. */
public final class ExampleBatches {
    private final List<TrainingExample> examples;
    private final int batchTokens;
    private final SplittableRandom random;
    private int next;

    public ExampleBatches(List<TrainingExample> examples, int batchTokens, long seed) {
        this.examples = new ArrayList<>(examples);
        this.batchTokens = batchTokens;
        this.random = new SplittableRandom(seed);
        this.next = examples.size();
    }

    /** Examples until there are {@code batchTokens} tokens; at least one. */
    public List<TrainingExample> next() {
        List<TrainingExample> batch = new ArrayList<>();
        for (int tokens = 0; tokens < batchTokens; ) {
            if (next == examples.size()) {
                shuffle();
                next = 0;
            }
            TrainingExample example = examples.get(next++);
            batch.add(example);
            tokens += example.tokens().length;
        }
        return batch;
    }

    /** Fisher and Yates, as Durstenfeld's algorithm 235. */
    private void shuffle() {
        for (int i = examples.size() - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            TrainingExample swapped = examples.get(i);
            examples.set(i, examples.get(j));
            examples.set(j, swapped);
        }
    }
}
