package io.livegraft.gateway;

import io.livegraft.actors.node.Administration;
import io.livegraft.actors.node.FeedbackLog;
import io.livegraft.actors.node.Inference;
import io.livegraft.actors.node.LogAdministration;
import io.livegraft.actors.node.Node;
import io.livegraft.actors.node.NodeHealth;
import io.livegraft.actors.scrub.Scrubbing;
import io.livegraft.gpu.backend.NumericProfile;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** What the gateway puts on HTTP; a node's, or a test's own. */
public record GatewayServices(
        Inference inference,
        Administration administration,
        LogAdministration logAdministration,
        Scrubbing scrubbing,
        FeedbackLog feedback,
        NodeHealth health,
        PrometheusRegistry metrics,
        String baseName,
        String baseDigest,
        NumericProfile profile) {
    public static GatewayServices of(Node node) {
        return new GatewayServices(
                node.inference(),
                node.administration(),
                node.logAdministration(),
                node.scrubbing(),
                node.feedback(),
                node.health(),
                node.metrics(),
                node.baseName(),
                node.baseDigest(),
                node.profile());
    }
}
