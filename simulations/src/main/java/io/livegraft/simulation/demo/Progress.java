package io.livegraft.simulation.demo;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Tells a person how the story goes, a line at a time. */
final class Progress {
    private final PrintWriter out;
    private final long start;

    /** Seconds count from {@code startNanos}. */
    Progress(PrintWriter out, long startNanos) {
        this.out = out;
        this.start = startNanos;
    }

    double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }

    void say(String message) {
        out.println(String.format(Locale.ROOT, "%6.1f s  %s", seconds(), message));
        out.flush();
    }

    void status(int sent, int events, NodeWatch.Seen seen, Freshness.Summary freshness, Tally.Count requests) {
        String versions = seen.adapters().values().stream().map(TenantState::label).collect(Collectors.joining(" "));
        say("%d of %d events, serving %s, freshness p50 %s p99 %s, %d requests, %d failed"
                .formatted(
                        sent,
                        events,
                        versions.isEmpty() ? "nobody yet" : versions,
                        seconds(freshness.p50()),
                        seconds(freshness.p99()),
                        requests.requests(),
                        requests.failed()));
    }

    void answer(String tenant, String label, String text) {
        out.println("            %s (%s): %s".formatted(tenant, label, text.strip().replace("\n", "\n              ")));
        out.flush();
    }

    static String seconds(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.1f s", value.getAsDouble()) : "-";
    }
}
