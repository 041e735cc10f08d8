package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Segment;
import java.util.Arrays;
import java.util.Optional;

/**
 * The token ids of one sequence, and how many of them its cache holds: the prompt by prefill, then its own tokens by decode steps,
 * and after every rewind in that way again, since keys and values made by decode have other bits (law 3).
 */
final class FedTokens {
    private final int[] prompt;
    private int[] own = new int[8];
    private int drawn;
    private int position;

    FedTokens(int[] prompt) {
        this.prompt = prompt;
    }

    int[] prompt() {
        return prompt;
    }

    /** Own tokens so far. */
    int drawn() {
        return drawn;
    }

    /** How many the cache holds. */
    int position() {
        return position;
    }

    void draw(int token) {
        if (drawn == own.length) {
            own = Arrays.copyOf(own, 2 * drawn);
        }
        own[drawn++] = token;
    }

    /** Known tokens that can be fed in one piece: no piece has some of the prompt and some of the rest. */
    int pending() {
        return (inPrompt() ? prompt.length : prompt.length + drawn) - position;
    }

    private boolean inPrompt() {
        return position < prompt.length;
    }

    /** Whether nothing is known behind the next {@code count}. */
    boolean last(int count) {
        return position + count == prompt.length + drawn;
    }

    /** The next {@code count}. */
    Segment segment(int count, KvCache cache, Optional<AdapterTensors> adapter) {
        if (inPrompt()) {
            return Segment.prefill(Arrays.copyOfRange(prompt, position, position + count), position, cache, adapter);
        }
        int from = position - prompt.length;
        return Segment.replay(Arrays.copyOfRange(own, from, from + count), position, cache, adapter);
    }

    void fed(int count) {
        position += count;
    }

    void rewind() {
        position = 0;
    }
}
