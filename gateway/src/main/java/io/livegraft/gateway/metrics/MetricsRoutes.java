package io.livegraft.gateway.metrics;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /metrics}. */
public final class MetricsRoutes {
    private static final ContentType.WithCharset TEXT_FORMAT = MediaTypes.customWithOpenCharset(
                    "text", "plain", java.util.Map.of("version", "0.0.4"), true)
            .toContentType(HttpCharsets.UTF_8);

    private final PrometheusRegistry registry;
    private final PrometheusTextFormatWriter writer =
            PrometheusTextFormatWriter.builder().build();

    public MetricsRoutes(PrometheusRegistry registry) {
        this.registry = registry;
    }

    public Route routes() {
        return path(
                "metrics",
                () -> get(
                        () -> complete(HttpResponse.create().withEntity(HttpEntities.create(TEXT_FORMAT, scrape())))));
    }

    private byte[] scrape() {
        var out = new ByteArrayOutputStream();
        try {
            writer.write(out, registry.scrape());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return out.toByteArray();
    }
}
