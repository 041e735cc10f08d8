package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.simulation.run.Report;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;

/**
 * What a run came to.
 *
 * @param swaps changes of what serves, by the kind of decision
 * @param refused changes that were too late
 * @param answers different ones that the oracle computed
 * @param alike pairs of versions that gave the same answer to the same question: had they been mixed, it would not show
 * @param pairs of versions that answered the same question
 * @param swapping in which the swaps were made
 * @param holdUp of all swaps since the node started
 * @param warmHoldUp of those of the second half
 * @param ownEnds what the run itself found amiss
 */
record SwapReport(
        SwapSettings run,
        SortedMap<String, Integer> swaps,
        int refused,
        int versions,
        List<Exchange> exchanges,
        int answers,
        long alike,
        long pairs,
        Verdict verdict,
        Duration swapping,
        HoldUps holdUp,
        HoldUps warmHoldUp,
        Duration whole,
        List<String> ownEnds)
        implements Report {
    private static final int MOST_PROBLEMS = 20;

    int allSwaps() {
        return swaps.values().stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public List<String> problems() {
        List<String> problems = new ArrayList<>(ownEnds);
        if (allSwaps() < run.swaps()) {
            problems.add("%d swaps are in the histories, expected %d".formatted(allSwaps(), run.swaps()));
        }
        verdict.problems().stream().limit(MOST_PROBLEMS).forEach(problems::add);
        return problems;
    }

    @Override
    public String text() {
        return String.format(
                Locale.ROOT,
                "%d swaps %s in %.0f s (%.1f a second, seed %d), %d answers beside them by %d versions:"
                        + " %d failed, %d mixed, %d wrong-tenant, %d stale",
                allSwaps(),
                swaps,
                seconds(swapping),
                allSwaps() / seconds(swapping),
                run.seed(),
                exchanges.size(),
                versions,
                verdict.failed(),
                verdict.mixed(),
                verdict.wrongTenant(),
                verdict.stale());
    }

    @Override
    public String json() {
        ObjectNode json = NodeApi.object()
                .put("passed", problems().isEmpty())
                .put("swaps", allSwaps())
                .put("seed", run.seed())
                .put("tenants", run.tenants());
        ObjectNode kinds = json.putObject("swapsByKind");
        swaps.forEach(kinds::put);
        json.put("refusedChanges", refused)
                .put("versions", versions)
                .put("requests", exchanges.size())
                .put("streamed", exchanges.stream().filter(Exchange::streamed).count())
                .put("failed", verdict.failed())
                .put("mixed", verdict.mixed())
                .put("wrongTenant", verdict.wrongTenant())
                .put("stale", verdict.stale())
                .put("oracleAnswers", answers)
                .put("versionPairsAlike", alike)
                .put("versionPairs", pairs)
                .put("swapSeconds", seconds(swapping))
                .put("swapsPerSecond", allSwaps() / seconds(swapping))
                .put("requestsPerSecond", exchanges.size() / seconds(swapping))
                .put("seconds", seconds(whole));
        json.set("holdUpMicros", holdUp.json());
        json.set("warmHoldUpMicros", warmHoldUp.json());
        json.set("replacedForMillis", Quantiles.of(verdict.lags()).json());
        json.set("firstTokenMillis", Quantiles.of(firstTokens()).json());
        ArrayNode all = json.putArray("problems");
        problems().forEach(all::add);
        return json.toString();
    }

    private List<Duration> firstTokens() {
        return exchanges.stream()
                .filter(Exchange::streamed)
                .flatMap(each -> each.outcome() instanceof Exchange.Answered answered
                        ? List.of(answered.toFirstToken()).stream()
                        : List.<Duration>of().stream())
                .toList();
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
