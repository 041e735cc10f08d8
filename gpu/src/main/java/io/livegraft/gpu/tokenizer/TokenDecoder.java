package io.livegraft.gpu.tokenizer;

import java.util.Arrays;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.LongStream;

/**
 * Turns ids into text one at a time; never gives out half a character. A token's text may depend on the one before it
 * (spaces) and on those after it (bytes of one character), so each id is decoded behind the ids of the last piece, and only
 * what that adds is given out; work per id doesn't grow with the sequence. Not for several threads.
 */
public final class TokenDecoder {
    /** What a decoder makes of bytes that are no character, or not yet. */
    private static final String INCOMPLETE = "\uFFFD";
    /** Ids held back at most: beyond this they are broken bytes, not a character that is still to come. */
    private static final int MAX_HELD = 12;
    /** A character has four bytes at most, so its last one completes it within this many further ids. */
    private static final int UNFINISHED = 3;

    private static final int CONTEXT = 16;

    private final Function<long[], String> decode;
    private final IntPredicate special;
    private long[] context;
    private String contextText;
    private long[] held = {};

    TokenDecoder(Function<long[], String> decode, IntPredicate special, int[] before) {
        this.decode = decode;
        this.special = special;
        long[] visible =
                Arrays.stream(before).filter(special.negate()).asLongStream().toArray();
        this.context = Arrays.copyOfRange(visible, Math.max(0, visible.length - CONTEXT), visible.length);
        this.contextText = decode(context);
    }

    /** What became certain with this id; empty for a special token or an unfinished character. */
    public String push(int id) {
        if (special.test(id)) {
            return "";
        }
        held = Arrays.copyOf(held, held.length + 1);
        held[held.length - 1] = id;
        String text = added(held);
        if (!text.isEmpty() && !text.endsWith(INCOMPLETE)) {
            return release(held.length, text);
        }
        if (held.length < MAX_HELD) {
            return "";
        }
        int broken = held.length - UNFINISHED;
        return release(broken, added(Arrays.copyOf(held, broken)));
    }

    /** The rest, when no more ids come. */
    public String flush() {
        return held.length == 0 ? "" : release(held.length, added(held));
    }

    private String release(int count, String text) {
        context = Arrays.copyOf(held, count);
        contextText = decode(context);
        held = Arrays.copyOfRange(held, count, held.length);
        return text;
    }

    private String added(long[] ids) {
        String text = decode(
                LongStream.concat(Arrays.stream(context), Arrays.stream(ids)).toArray());
        if (text.startsWith(contextText)) {
            return text.substring(contextText.length());
        }
        // With byte fallback one invalid byte spoils its whole run, even what was given out already: the run begins
        // anew.
        context = new long[0];
        contextText = "";
        return decode(ids);
    }

    private String decode(long[] ids) {
        return ids.length == 0 ? "" : decode.apply(ids);
    }
}
