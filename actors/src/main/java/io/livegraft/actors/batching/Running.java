package io.livegraft.actors.batching;

/** An answer on the device; suspended ones hold no pages. */
final class Running<K> {
    private final Answer<K> answer;
    private final Sequence sequence;
    private boolean suspended;
    private int drawn;

    Running(Answer<K> answer, Sequence sequence) {
        this.answer = answer;
        this.sequence = sequence;
    }

    Answer<K> answer() {
        return answer;
    }

    boolean suspended() {
        return suspended;
    }

    void suspended(boolean now) {
        suspended = now;
    }

    void drew() {
        drawn++;
    }

    int pending() {
        return sequence.pending();
    }

    /** To feed the prompt, or what is left of it, and all that was drawn; more where some of the latter is there. */
    int pagesToCatchUp() {
        return sequence.pagesFor(pending() + drawn);
    }

    int pagesFor(int tokens) {
        return sequence.pagesFor(tokens);
    }

    /** Whether more than its last token is to be fed. */
    boolean catchesUp() {
        return pending() > 1;
    }
}
