package io.livegraft.actors.trainer;

/** The partition was assigned again since: whoever reads it here must take it again or stop. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FencedException(String reason) {
        super(reason);
    }
}
