package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gateway.error.ErrorTable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code livegraft rebuild}: has the node make a version anew from its log, and compares. */
@Command(
        name = "rebuild",
        description = {
            "Make a version anew from the log on the running node, beside everything else it does, and show both digests.",
            "Nothing is published. With --verify the exit code is 1 unless they are the same."
        })
final class RebuildCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "TENANT:VERSION", converter = VersionLabel.Converter.class, description = "Which version.")
    private VersionLabel version = new VersionLabel("", 0);

    @Option(
            names = "--without",
            paramLabel = "SUBJECT",
            description = "Leave this subject's events out; may be repeated.")
    private List<String> without = List.of();

    @Option(names = "--verify", description = "Fail unless the bits are the published ones.")
    private boolean verify;

    @Mixin
    private WaitOptions waiting = new WaitOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    RebuildCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("version", version.number());
        ArrayNode subjects = body.putArray("without");
        without.forEach(subjects::add);
        GatewayClient client = server.client();
        JsonNode begun =
                client.post("/admin/v1/adapters/" + TenantPath.encode(version.tenant()) + ":rebuild", body, Map.of());
        String path = "/admin/v1/rebuilds/" + begun.path("id").asText();
        JsonNode ended =
                waiting.await("%s is not rebuilt yet".formatted(version), () -> client.get(path), rebuild -> true);
        return report(ended);
    }

    private int report(JsonNode ended) {
        boolean match = ended.path("match").asBoolean();
        if (server.json()) {
            terminal.json(ended);
        } else {
            terminal.out()
                    .println("%s published %s"
                            .formatted(version, ended.path("publishedDigest").asText()));
            terminal.out()
                    .println("%s rebuilt   %s, %s, from %d events in %d steps, %.1f s"
                            .formatted(
                                    version,
                                    ended.path("rebuiltDigest").asText(),
                                    match ? "the same bits" : "other bits",
                                    ended.path("events").asLong(),
                                    ended.path("steps").asLong(),
                                    ended.path("seconds").asDouble()));
        }
        if (!match && !ended.path("sameConfiguration").asBoolean(true)) {
            terminal.err()
                    .println("%s was made with other settings or on another numeric profile than this node has now"
                            .formatted(version));
        }
        return verify && !match ? ErrorTable.FAILED : ErrorTable.OK;
    }
}
