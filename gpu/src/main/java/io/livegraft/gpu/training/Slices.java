package io.livegraft.gpu.training;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/** Cuts items, in order, into slices of a bounded number of tokens; a longer item is a slice of its own. */
final class Slices {
    private Slices() {}

    static <T> List<List<T>> cut(List<T> items, ToIntFunction<T> tokens, int maxTokens) {
        List<List<T>> slices = new ArrayList<>();
        List<T> current = new ArrayList<>();
        int sum = 0;
        for (T item : items) {
            int more = tokens.applyAsInt(item);
            if (!current.isEmpty() && sum + more > maxTokens) {
                slices.add(List.copyOf(current));
                current.clear();
                sum = 0;
            }
            current.add(item);
            sum += more;
        }
        if (!current.isEmpty()) {
            slices.add(List.copyOf(current));
        }
        return slices;
    }
}
