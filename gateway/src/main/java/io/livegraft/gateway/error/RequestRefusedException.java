package io.livegraft.gateway.error;

/** Carries an {@link ErrorReply} from where a request is read to the edge that answers it. */
public final class RequestRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient ErrorReply reply;

    RequestRefusedException(ErrorReply reply) {
        super(reply.message());
        this.reply = reply;
    }

    public ErrorReply reply() {
        return reply;
    }
}
