package io.livegraft.simulation.swap;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How long a client waits for a first token of a version that has just been rolled back to, or that nobody asked for yet. */
record Warmth(SwapSettings run, NodeApi node) {
    private static final Question QUESTION = Question.ofOneToken();
    private static final int WARMING = 100;

    /** From each rollback's call to the first token by the version that it went back to, the tenants in turn. */
    List<Duration> rollbacks(int count) {
        List<Duration> times = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            times.add(rollback(SwapSettings.tenant(i % run.tenants())));
        }
        return times;
    }

    private Duration rollback(String tenant) {
        long began = System.nanoTime();
        String label = node.change(tenant, "rollback", NodeApi.object().put("reason", "sim swap-cost"))
                .path("servingLabel")
                .asText();
        while (true) {
            Exchange.Answered answered = ask(tenant);
            if (answered.said().label().equals(label)) {
                return Duration.ofNanos(System.nanoTime() - began)
                        .minus(answered.toEnd().minus(answered.toFirstToken()));
            }
        }
    }

    /** Gets compilers and caches going by way of the base alone. */
    void warm() {
        for (int i = 0; i < WARMING; i++) {
            ask(run.baseName());
        }
    }

    /** The first request of each tenant: registry, disk, device. */
    List<Duration> tenants() {
        List<Duration> times = new ArrayList<>();
        for (int i = 0; i < run.tenants(); i++) {
            times.add(ask(SwapSettings.tenant(i)).toFirstToken());
        }
        return times;
    }

    /** The first request of another version of a tenant that is known: disk, device. */
    List<Duration> versions(Chronicles chronicles) {
        List<Duration> times = new ArrayList<>();
        for (int i = 0; i < run.tenants(); i++) {
            String tenant = SwapSettings.tenant(i);
            String serving = ask(tenant).said().label();
            int other = chronicles.of(tenant).newest();
            while (serving.equals(tenant + ":" + other)) {
                other--;
            }
            times.add(ask(tenant + ":" + other).toFirstToken());
        }
        return times;
    }

    private Exchange.Answered ask(String model) {
        return switch (new Client(node).ask(model, QUESTION, true)) {
            case Exchange.Answered answered -> answered;
            case Exchange.Failed(String reason) ->
                throw new LivegraftException(ErrorCode.UNAVAILABLE, "%s was not answered: %s".formatted(model, reason));
        };
    }
}
