package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.simulation.run.Report;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What was measured.
 *
 * @param swaps in the blocks with swaps
 * @param failedAside requests without an answer beside the swaps that only flips are measured of
 * @param swapped quadruples with swaps in their second and third block
 * @param control quadruples without any
 * @param holdUp of the swaps of all rounds
 * @param holdUpAtFullSpeed of as many swaps a second as the node takes
 * @param holdUpSteady of {@link CostSettings#STEADY} a second
 * @param rollbacks from the call to the first token of the old version
 * @param coldTenants first token of a tenant of which nothing is in memory
 * @param coldVersions first token of a version whose adapter is on disk
 */
record CostReport(
        CostSettings cost,
        int swaps,
        long failedAside,
        List<Difference.Quadruple> swapped,
        List<Difference.Quadruple> control,
        HoldUps holdUp,
        HoldUps holdUpAtFullSpeed,
        HoldUps holdUpSteady,
        Quantiles rollbacks,
        Quantiles coldTenants,
        Quantiles coldVersions,
        Duration whole)
        implements Report {

    @Override
    public List<String> problems() {
        long failed = Stream.concat(swapped.stream(), control.stream())
                        .flatMap(each -> Stream.of(each.first(), each.second(), each.third(), each.fourth()))
                        .mapToLong(Block::failed)
                        .sum()
                + failedAside;
        return failed == 0 ? List.of() : List.of("%d requests had no answer".formatted(failed));
    }

    @Override
    public String text() {
        Difference first = Difference.of(swapped, Block::firstTokenMillis);
        Difference next = Difference.of(swapped, Block::nextTokenMillis);
        return String.format(
                Locale.ROOT,
                "swaps add %.2f ms (95%%: %.2f to %.2f) to %.2f ms to the first token, %.3f ms (%.3f to %.3f) to %.3f"
                        + " ms between tokens; their flips hold up admission for at most %.0f us at full speed and %.0f us at"
                        + " %.0f a second (p99.9); rollback p99 %.1f ms,"
                        + " cold tenant p99 %.1f ms",
                first.difference(),
                first.low(),
                first.high(),
                first.without(),
                next.difference(),
                next.low(),
                next.high(),
                next.without(),
                holdUpAtFullSpeed.flip().boundMicros(0.999),
                holdUpSteady.flip().boundMicros(0.999),
                CostSettings.STEADY,
                rollbacks.millis(0.99),
                coldTenants.millis(0.99));
    }

    @Override
    public String json() {
        ObjectNode json = NodeApi.object()
                .put("passed", problems().isEmpty())
                .put("seed", cost.run().seed())
                .put("tenants", cost.run().tenants())
                .put("requestsPerSecond", cost.run().rate())
                .put("swaps", swaps)
                .put("swapsPerSecond", swaps / (2 * cost.rounds() * seconds(cost.block())))
                .put("seconds", seconds(whole));
        json.set("bump", difference(swapped));
        json.set("control", difference(control));
        json.set("holdUpMicros", holdUp.json());
        json.set("fullSpeedHoldUpMicros", holdUpAtFullSpeed.json());
        json.set("steadyHoldUpMicros", holdUpSteady.json());
        json.set("rollbackMillis", rollbacks.json());
        json.set("coldTenantMillis", coldTenants.json());
        json.set("coldVersionMillis", coldVersions.json());
        ArrayNode all = json.putArray("problems");
        problems().forEach(all::add);
        return json.toString();
    }

    private static ObjectNode difference(List<Difference.Quadruple> quadruples) {
        ObjectNode json = NodeApi.object();
        json.set(
                "firstTokenMillis",
                Difference.of(quadruples, Block::firstTokenMillis).json());
        json.set(
                "nextTokenMillis",
                Difference.of(quadruples, Block::nextTokenMillis).json());
        return json;
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
