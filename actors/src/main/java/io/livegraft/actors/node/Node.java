package io.livegraft.actors.node;

import com.typesafe.config.Config;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.apache.pekko.actor.typed.ActorSystem;

/** Everything one process runs behind the gateway; assembled in the commits that follow. */
public final class Node implements AutoCloseable {
    private Node() {}

    public static Node start(Config rootConfig) {
        throw new UnsupportedOperationException("not assembled yet: " + rootConfig.origin());
    }

    public ActorSystem<?> system() {
        throw new UnsupportedOperationException();
    }

    public Inference inference() {
        throw new UnsupportedOperationException();
    }

    public Administration administration() {
        throw new UnsupportedOperationException();
    }

    public FeedbackLog feedback() {
        throw new UnsupportedOperationException();
    }

    public NodeHealth health() {
        throw new UnsupportedOperationException();
    }

    public PrometheusRegistry metrics() {
        throw new UnsupportedOperationException();
    }

    public String baseName() {
        throw new UnsupportedOperationException();
    }

    public String baseDigest() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
