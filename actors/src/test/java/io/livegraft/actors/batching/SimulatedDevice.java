package io.livegraft.actors.batching;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** A device that keeps count of its pages; a token it draws depends on every token that was fed before, in order. */
final class SimulatedDevice {
    private static final int VOCABULARY = 50_000;

    private final int pages;
    private final int pageTokens;
    private int free;

    SimulatedDevice(int pages, int pageTokens) {
        this.pages = pages;
        this.pageTokens = pageTokens;
        this.free = pages;
    }

    int free() {
        return free;
    }

    boolean allFree() {
        return free == pages;
    }

    /** What somebody may ask for. */
    record Wish(int request, String tenant, List<Integer> prompt, int answerTokens, OptionalLong deadlineNanos) {}

    Generated generated(Wish wish) {
        return new Generated(wish);
    }

    /** One answer, from the wish to its last token. */
    final class Generated implements Sequence {
        private final Wish wish;
        private final List<Integer> tokens;
        private int state;
        private int fed;

        private Generated(Wish wish) {
            this.wish = wish;
            this.tokens = new ArrayList<>(wish.prompt());
        }

        Wish wish() {
            return wish;
        }

        Answer<Generated> answer() {
            return new Answer<>(this, wish.tenant(), wish.prompt().size(), wish.deadlineNanos());
        }

        @Override
        public int pending() {
            int promptTokens = wish.prompt().size();
            return (fed < promptTokens ? promptTokens : tokens.size()) - fed;
        }

        @Override
        public int pagesFor(int more) {
            return pagesOf(fed + more) - pagesOf(fed);
        }

        /** Whether a token was drawn. */
        boolean advance(int more) {
            int needed = pagesFor(more);
            if (more < 1 || more > pending() || needed > free) {
                throw new AssertionError(
                        "%d tokens of %d pending, %d pages of %d free".formatted(more, pending(), needed, free));
            }
            free -= needed;
            for (int i = 0; i < more; i++) {
                state = 31 * state + tokens.get(fed++);
            }
            boolean draws = fed == tokens.size();
            if (draws) {
                tokens.add(Math.floorMod(state * 0x9E3779B9, VOCABULARY));
            }
            return draws;
        }

        void suspend() {
            free += pagesOf(fed);
            fed = 0;
            state = 0;
        }

        boolean started() {
            return fed > 0;
        }

        boolean finished() {
            return drawn().size() == wish.answerTokens();
        }

        List<Integer> drawn() {
            return List.copyOf(tokens.subList(wish.prompt().size(), tokens.size()));
        }

        private int pagesOf(int tokenCount) {
            return Math.ceilDiv(tokenCount, pageTokens);
        }
    }
}
