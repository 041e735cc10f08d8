package io.livegraft.gateway.http;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.http.javadsl.model.AttributeKey;

/**
 * Attribute of a connection's requests that tells when the connection ends, so that an answer nobody waits for is not
 * generated to its end. (A streamed answer notices by itself.) A connection answers one request at a time, hence the one
 * listener.
 */
public final class ConnectionClosed {
    public static final AttributeKey<ConnectionClosed> KEY =
            AttributeKey.create("connection-closed", ConnectionClosed.class);

    private final AtomicReference<Optional<Runnable>> listener = new AtomicReference<>(Optional.empty());
    private volatile boolean closed;

    /** Replaces the listener of the connection's previous request; runs it at once if the connection has ended. */
    void onClose(Runnable action) {
        listener.set(Optional.of(action));
        if (closed) {
            listener.getAndSet(Optional.empty()).ifPresent(Runnable::run);
        }
    }

    public void close() {
        closed = true;
        listener.getAndSet(Optional.empty()).ifPresent(Runnable::run);
    }
}
