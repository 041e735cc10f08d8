package io.livegraft.gpu.jinja;

/** A template that can't be read or rendered. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean raised;

    TemplateException(String message) {
        this(message, false);
    }

    private TemplateException(String message, boolean raised) {
        super(message);
        this.raised = raised;
    }

    static TemplateException raised(String message) {
        return new TemplateException(message, true);
    }

    /** Whether the template itself refused its input, by {@code raise_exception}. */
    public boolean raised() {
        return raised;
    }
}
