package io.livegraft.gpu.jinja;

/** How much one rendering may do; counted, not timed, so that the same input always has the same outcome. */
final class StepBudget {
    /** Ends a rendering at once: the library goes on after exceptions. */
    static final class Exhausted extends Error {
        private static final long serialVersionUID = 1;

        Exhausted(String message) {
            super(message);
        }
    }

    /** Characters of one value, and of the whole output. */
    static final int MOST_CHARACTERS = 20_000_000;

    private static final int MOST_STEPS = 1_000_000;

    private int spent;

    void spend() {
        spent++;
        if (spent > MOST_STEPS) {
            throw new Exhausted("takes more than %d steps".formatted(MOST_STEPS));
        }
    }

    void checkLength(Object value) {
        if (value instanceof CharSequence text && text.length() > MOST_CHARACTERS) {
            throw new Exhausted("makes a text of more than %d characters".formatted(MOST_CHARACTERS));
        }
    }
}
