package io.livegraft.simulation.demo;

import io.livegraft.gateway.cli.LocalNode;
import io.livegraft.simulation.feedback.Probe;
import io.livegraft.simulation.feedback.TenantFeedback;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What the demo prints for a person. */
final class DemoText {
    private DemoText() {}

    static void addresses(PrintWriter out, LocalNode node) {
        out.println();
        out.println("  base     %s, sha256 %.12s".formatted(node.baseName(), node.baseDigest()));
        out.println("  API      %s/v1".formatted(node.address()));
        out.println("  admin    %s/admin/v1".formatted(node.address()));
        out.println("  metrics  %s/metrics".formatted(node.address()));
        out.println("  Kafka    %s".formatted(node.kafkaBootstrapServers()));
        out.println("  state    %s".formatted(node.stateDirectory()));
        out.println();
        out.flush();
    }

    static void report(PrintWriter out, DemoReport report) {
        out.println();
        new TreeMap<>(report.tenants()).forEach((tenant, part) -> {
            out.println("  %s asks: %s".formatted(tenant, part.probe().replace("\n", " ")));
            answer(out, "before", part.before());
            answer(out, "after", part.after());
            answer(
                    out,
                    part.rolledBackMatches() ? "rolled back, as before" : "rolled back, NOT as before",
                    part.rolledBack());
            out.println("    held-out loss %s, of the base %s; %d events, %d versions"
                    .formatted(loss(part.servedNll()), loss(part.baseNll()), part.sent(), part.versions()));
            out.println();
        });
        Freshness.Summary freshness = report.freshness();
        out.println("  freshness p50 %s, p99 %s, longest %s over %d events"
                .formatted(
                        Progress.seconds(freshness.p50()),
                        Progress.seconds(freshness.p99()),
                        Progress.seconds(freshness.max()),
                        freshness.served()));
        out.println("  %d requests meanwhile, %d failed, %d answers of more than one version"
                .formatted(
                        report.requests().requests(),
                        report.requests().failed(),
                        report.requests().mixed()));
        report.problems().forEach(problem -> out.println("  failed: " + problem));
        out.println();
    }

    /** Four lines to go on with by hand. */
    static void tryIt(PrintWriter out, LocalNode node, TenantFeedback tenant) {
        String url = node.address().toString();
        String name = tenant.tenant();
        String ask =
                switch (tenant.probe()) {
                    case Probe.Question question ->
                        "/v1/chat/completions -d '{\"model\":\"%s\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}'"
                                .formatted(name, question.text());
                    case Probe.Opening opening ->
                        "/v1/completions -d '{\"model\":\"%s\",\"temperature\":0,\"prompt\":\"%s\"}'"
                                .formatted(name, opening.text().replace("\n", "\\n"));
                };
        String header = " -H 'Content-Type: application/json'";
        out.println("  still running at %s until Ctrl-C; try:".formatted(url));
        out.println("    curl " + url + ask + header);
        out.println("    curl %s/v1/feedback%s -d '{\"tenant\":\"%s\",\"prompt\":\"Hello\",\"completion\":\" there\"}'"
                .formatted(url, header, name));
        out.println("    curl -X POST %s/admin/v1/adapters/%s:rollback%s -d '{\"to\":0,\"reason\":\"trying it\"}'"
                .formatted(url, name, header));
        out.println("    curl %s/admin/v1/adapters".formatted(url));
        out.println();
    }

    private static void answer(PrintWriter out, String when, String text) {
        out.println("    %s: %s".formatted(when, text.strip().replace("\n", "\n      ")));
    }

    private static String loss(OptionalDouble nll) {
        return nll.isPresent() ? String.format(Locale.ROOT, "%.3f", nll.getAsDouble()) : "-";
    }
}
