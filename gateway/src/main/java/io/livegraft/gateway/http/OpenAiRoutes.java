package io.livegraft.gateway.http;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.livegraft.actors.node.Administration;
import io.livegraft.actors.node.FeedbackLog;
import io.livegraft.actors.node.Inference;
import io.livegraft.gpu.backend.NumericProfile;
import org.apache.pekko.http.javadsl.server.Route;

/** Everything under {@code /v1}. */
public final class OpenAiRoutes {
    private final GenerationRoutes generation;
    private final ModelRoutes models;
    private final FeedbackRoutes feedback;

    public OpenAiRoutes(
            Inference inference,
            Administration administration,
            FeedbackLog log,
            String baseName,
            String baseDigest,
            NumericProfile profile,
            HttpLimits limits) {
        this.generation = new GenerationRoutes(inference, baseDigest, profile, limits);
        this.models = new ModelRoutes(administration, baseName, limits.maxPage());
        this.feedback = new FeedbackRoutes(log, limits);
    }

    public Route routes() {
        return pathPrefix("v1", () -> concat(generation.routes(), models.routes(), feedback.routes()));
    }
}
