package io.livegraft.simulation.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * What the story came to.
 *
 * @param seconds from the start of the command
 * @param resumed whether an earlier process began it
 * @param problems in words; none means that everything held
 */
record DemoReport(
        Map<String, TenantReport> tenants,
        Freshness.Summary freshness,
        Tally.Count requests,
        double seconds,
        boolean resumed,
        List<String> problems) {
    /**
     * One tenant's part.
     *
     * @param sent events in the log, each once
     * @param deadLettered events that the node could not use
     * @param versions published ones
     * @param rolledBack the answer after rolling back to version 0
     * @param restored the answer after the newest version was promoted again
     */
    record TenantReport(
            int sent,
            int deadLettered,
            int versions,
            String probe,
            String before,
            String after,
            String rolledBack,
            String restored,
            Freshness.Summary freshness,
            OptionalDouble baseNll,
            OptionalDouble servedNll,
            TrainingState training) {
        boolean rolledBackMatches() {
            return rolledBack.equals(before);
        }

        boolean restoredMatches() {
            return restored.equals(after);
        }

        /** Sent but neither used nor refused; negative where events were used twice. */
        long missing() {
            return sent - deadLettered - training.used();
        }
    }

    DemoReport {
        tenants = Map.copyOf(tenants);
        problems = List.copyOf(problems);
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("events", sum(TenantReport::sent));
        json.put("versions", sum(TenantReport::versions));
        json.set("freshnessSeconds", json(freshness));
        json.put("failedRequests", requests.failed());
        json.put("requests", requests.requests());
        json.put("deferredRequests", requests.deferred());
        json.put("mixedVersionResponses", requests.mixed());
        ObjectNode each = json.putObject("tenants");
        ObjectNode before = json.putObject("before");
        ObjectNode after = json.putObject("after");
        ObjectNode rolledBack = json.putObject("rolledBack");
        new TreeMap<>(tenants).forEach((tenant, report) -> {
            each.set(tenant, json(report));
            before.put(tenant, report.before());
            after.put(tenant, report.after());
            rolledBack.put(tenant, report.rolledBack());
        });
        json.put("seconds", Math.round(seconds * 10) / 10.0);
        json.put("resumed", resumed);
        json.put("eventsLost", sum(report -> Math.max(0, report.missing())));
        json.put("eventsAppliedTwice", sum(report -> Math.max(0, -report.missing())));
        json.put("passed", problems.isEmpty());
        problems.forEach(json.putArray("problems")::add);
        return json;
    }

    private long sum(ToLongFunction<TenantReport> number) {
        return tenants.values().stream().mapToLong(number).sum();
    }

    private static ObjectNode json(TenantReport report) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("events", report.sent());
        json.put("versions", report.versions());
        json.put("probe", report.probe());
        json.put("before", report.before());
        json.put("after", report.after());
        json.put("rolledBack", report.rolledBack());
        json.put("rolledBackMatches", report.rolledBackMatches());
        json.put("restoredMatches", report.restoredMatches());
        json.set("freshnessSeconds", json(report.freshness()));
        ObjectNode loss = json.putObject("heldOutNll");
        put(loss, "base", report.baseNll());
        put(loss, "served", report.servedNll());
        json.put("trained", report.training().trained());
        json.put("heldOut", report.training().heldOut());
        json.put("duplicates", report.training().duplicates());
        json.put("skipped", report.training().skipped());
        json.put("deadLettered", report.deadLettered());
        return json;
    }

    private static ObjectNode json(Freshness.Summary summary) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        put(json, "p50", summary.p50());
        put(json, "p99", summary.p99());
        put(json, "max", summary.max());
        return json.put("served", summary.served()).put("unserved", summary.unserved());
    }

    private static void put(ObjectNode json, String name, OptionalDouble value) {
        if (value.isPresent()) {
            json.put(name, value.getAsDouble());
        } else {
            json.putNull(name);
        }
    }
}
