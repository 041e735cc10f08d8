package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.transformer.DrawnToken;
import io.livegraft.gpu.transformer.Feed;
import io.livegraft.gpu.transformer.NextToken;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One admitted request: its token ids, its keys and values, and the adapter it keeps to its last token (law 2). Made by
 * {@link Engine#admit}, advanced by {@link Engine#advance}; closing it frees its place and its pages.
 */
public final class Generation implements AutoCloseable {
    private final FedTokens tokens;
    private final SamplingSettings sampling;
    private final Optional<StagedAdapter> adapter;
    private final Optional<CacheKey> key;
    private final Answer answer;
    private final Supplier<PromptScores> newScores;
    private final SequencePages pages;
    private final Runnable onClose;
    private Optional<PromptScores> scores = Optional.empty();
    private Optional<GenerationDelta> delta = Optional.empty();
    private int reused;
    private boolean finished;
    private boolean closed;

    Generation(
            FedTokens tokens,
            SamplingSettings sampling,
            Optional<StagedAdapter> adapter,
            Optional<CacheKey> key,
            Answer answer,
            Supplier<PromptScores> newScores,
            SequencePages pages,
            Runnable onClose) {
        this.tokens = tokens;
        this.sampling = sampling;
        this.adapter = adapter;
        this.key = key;
        this.answer = answer;
        this.newScores = newScores;
        this.pages = pages;
        this.onClose = onClose;
    }

    public boolean finished() {
        return finished;
    }

    /** Whose computed state it shares; none for one that shares nothing. */
    public Optional<CacheKey> key() {
        return key;
    }

    public int promptTokens() {
        return tokens.prompt().length;
    }

    public int generatedTokens() {
        return tokens.drawn();
    }

    /** Tokens of the prompt that were found computed when it began. */
    public int reusedTokens() {
        return reused;
    }

    /**
     * Tokens that can be fed in one piece, at least 1 until it is finished: what is left of the prompt, less what is known of it; after
     * {@link #suspend} then what is left of its own tokens; else the last one drawn. Feeding all draws a token, unless own ones are to
     * be fed again.
     */
    public int pending() {
        if (finished) {
            return 0;
        }
        return pages.begun() ? tokens.pending() : tokens.pending() - pages.known(reusable());
    }

    /** Tokens of the prompt, unless all of its rows are to be read. */
    private int reusable() {
        return scoring() ? 1 : promptTokens();
    }

    private boolean scoring() {
        return sampling.promptLogprobs() && tokens.drawn() == 0;
    }

    /**
     * Gives all pages back. It goes on later with the same bits: the prompt is fed again as a prompt, its own tokens as the decode
     * steps that they were.
     */
    public void suspend() {
        pages.release();
        tokens.rewind();
    }

    /** Pages to take to feed so many more. */
    int pagesFor(int count) {
        return pages.begun() ? pages.toReach(tokens.position() + count) : pages.toBegin(reusable(), count);
    }

    /** Takes the pages that are known of the prompt, if it has none yet. */
    void begin() {
        if (closed || finished) {
            throw new IllegalStateException("a generation that is finished or closed can't go on");
        }
        if (!pages.begun()) {
            reused = pages.begin(reusable());
            tokens.fed(reused);
        }
    }

    /** Rows for the next pass, on pages that it takes; it has begun. */
    Feed feed(int count) {
        if (count < 1 || count > pending()) {
            throw new IllegalStateException(
                    "%d tokens for a generation that has %d pending".formatted(count, pending()));
        }
        KvCache cache = pages.reach(tokens.position() + count);
        return new Feed(tokens.segment(count, cache, adapter.map(StagedAdapter::tensors)), reader(count));
    }

    private Feed.Reader reader(int count) {
        delta = Optional.empty();
        if (scoring()) {
            if (tokens.position() == 0) {
                scores = Optional.of(newScores.get());
            }
            return new Feed.Every(this::score);
        }
        if (!tokens.last(count)) {
            return Feed.Nothing.INSTANCE;
        }
        if (sampling.topLogprobs() > 0) {
            return new Feed.Last(this::draw);
        }
        return sampling.takesLargest() ? new Feed.Likeliest(this::take) : new Feed.Drawn(answer::nextDraw, this::take);
    }

    private void score(NextToken next) {
        PromptScores some = scores.orElseThrow();
        if (!some.complete()) {
            some.score(next);
        } else if (sampling.maxTokens() == 0) {
            delta = Optional.of(GenerationDelta.ofPrompt(some.all()));
        } else {
            delta = Optional.of(answer.draw(next).withPrompt(some.all()));
        }
    }

    private void draw(NextToken next) {
        delta = Optional.of(answer.draw(next));
    }

    private void take(DrawnToken drawn) {
        delta = Optional.of(answer.take(drawn));
    }

    /** After the pass that {@link #feed} was for: what it added. */
    Optional<GenerationDelta> fed(int count) {
        tokens.fed(count);
        pages.publish(Math.min(tokens.position(), promptTokens()));
        delta.filter(GenerationDelta::drawn).ifPresent(drawn -> tokens.draw(drawn.token()));
        finished = delta.flatMap(GenerationDelta::finish).isPresent();
        return delta;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            suspend();
            onClose.run();
        }
    }
}
