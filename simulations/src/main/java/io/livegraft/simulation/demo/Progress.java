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

    String status(NodeWatch.Seen seen, Measurements measurements) {
        String versions =
                seen.adapters().values().stream().map(TenantState::label).collect(Collectors.joining(" "));
        Freshness.Summary freshness = measurements.freshness().all();
        Tally.Count requests = measurements.tally().count();
        return "serving %s, freshness p50 %s p99 %s, %d requests, %d failed"
                .formatted(
                        versions.isEmpty() ? "nobody yet" : versions,
                        seconds(freshness.p50()),
                        seconds(freshness.p99()),
                        requests.requests(),
                        requests.failed());
    }

    void question(String tenant, String text) {
        out.println("            %s asks: %s".formatted(tenant, text.replace("\n", " ")));
    }

    void answer(String label, String text) {
        out.println("            %s: %s".formatted(label, text.strip().replace("\n", "\n              ")));
        out.flush();
    }

    static String seconds(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.1f s", value.getAsDouble()) : "-";
    }
}
