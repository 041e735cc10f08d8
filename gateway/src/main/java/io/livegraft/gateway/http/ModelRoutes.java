package io.livegraft.gateway.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.livegraft.actors.node.Administration;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.JsonReply;
import io.livegraft.gpu.error.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /v1/models}: the base and the tenants, a page at a time; {@code GET /v1/models/{id}} also finds single versions. */
final class ModelRoutes {
    private final Administration administration;
    private final String baseName;
    private final int most;
    private final long startedSeconds = Instant.now().getEpochSecond();

    ModelRoutes(Administration administration, String baseName, int most) {
        this.administration = administration;
        this.baseName = baseName;
        this.most = most;
    }

    Route routes() {
        return pathPrefix(
                "models",
                () -> get(() -> concat(
                        pathEnd(() -> parameterOptional(
                                "after",
                                after -> onSuccess(() -> list(after), models -> complete(JsonReply.openAi(models))))),
                        path(
                                segment(),
                                id -> onSuccess(
                                        () -> find(id),
                                        model -> complete(model.map(JsonReply::openAi)
                                                .orElseGet(
                                                        () -> ErrorReply.of(
                                                                        ErrorCode.MODEL_NOT_FOUND,
                                                                        "there is no model %s".formatted(id))
                                                                .response())))))));
    }

    /**
     * A page of models.
     *
     * @param hasMore whether {@code ?after=} the last one gives more
     */
    record ModelList(String object, List<Model> data, boolean hasMore) {}

    private CompletionStage<ModelList> list(Optional<String> after) {
        return administration.adapters(new TenantQuery("", after, most)).thenApply(page -> {
            var models = new ArrayList<Model>();
            if (after.isEmpty()) {
                models.add(Model.base(baseName, startedSeconds));
            }
            page.rows().forEach(row -> models.add(Model.tenant(row, baseName)));
            return new ModelList("list", models, page.next().isPresent());
        });
    }

    private CompletionStage<Optional<Model>> find(String id) {
        if (id.equals(baseName)) {
            return CompletableFuture.completedStage(Optional.of(Model.base(baseName, startedSeconds)));
        }
        String tenant = id.split("[:@]", 2)[0];
        return administration.adapter(tenant).thenApply(image -> image.flatMap(found -> resolve(id, found)));
    }

    private Optional<Model> resolve(String id, AdapterImage image) {
        String rest = id.substring(image.tenant().length());
        return switch (rest) {
            case "" -> Optional.of(Model.tenant(image, baseName, startedSeconds));
            case "@serving" -> version(image, image.serving());
            case "@previous" -> image.previous().stream().boxed().findFirst().flatMap(number -> version(image, number));
            case "@candidate" ->
                image.candidate().stream().boxed().findFirst().flatMap(number -> version(image, number));
            default ->
                image.versions().stream()
                        .filter(version -> rest.equals(":" + version.number()))
                        .findFirst()
                        .map(version -> Model.version(image, version, baseName));
        };
    }

    private Optional<Model> version(AdapterImage image, int number) {
        return image.version(number).map(version -> Model.version(image, version, baseName));
    }
}
