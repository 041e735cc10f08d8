package io.livegraft.simulation.crash;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.simulation.run.Report;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * What a run of two nodes came to.
 *
 * @param takeoverSeconds of each fault: until the other node had published for the tenant
 * @param ended paused nodes that ended after they woke, because the other had gone on without them
 * @param refused offers of paused nodes that the registry refused after they woke
 */
record TakeoverReport(
        CrashSettings run,
        List<Fault> faults,
        List<Double> takeoverSeconds,
        int ended,
        int refused,
        AcceptedVersions accepted,
        Ledger ledger,
        Verdict verdict,
        List<String> problems,
        double seconds)
        implements Report {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Highest rate of stale publishes that so many tries without one leave possible, with 95 % confidence. */
    double bound() {
        return faults.isEmpty() ? 1 : Math.min(1, 3.0 / faults.size());
    }

    @Override
    public String text() {
        return String.format(
                Locale.ROOT,
                "%d faults in %.0f s (seed %d): %d versions, %d stale, %d handovers; %d events, %d lost, %d doubled, %d of %d"
                        + " digests the oracle's",
                faults.size(),
                seconds,
                run.seed(),
                accepted.size(),
                accepted.stale(),
                accepted.handovers(),
                ledger.events(),
                verdict.lost(),
                verdict.doubled(),
                digests(),
                verdict.matches().size());
    }

    private long digests() {
        return verdict.matches().values().stream().filter(same -> same).count();
    }

    @Override
    public String json() {
        ObjectNode json = JSON.createObjectNode()
                .put("passed", problems.isEmpty())
                .put("tries", faults.size())
                .put("paused", Collections.frequency(faults, Fault.PAUSED))
                .put("killed", Collections.frequency(faults, Fault.KILLED))
                .put("seed", run.seed())
                .put("versions", accepted.size())
                .put("stalePublishes", accepted.stale())
                .put("handovers", accepted.handovers())
                .put("endedAfterWaking", ended)
                .put("refusedAfterWaking", refused)
                .put("events", ledger.events())
                .put("lost", verdict.lost())
                .put("doubled", verdict.doubled())
                .put("digestsOfTheOracle", digests())
                .put("tenants", verdict.matches().size())
                .put(
                        "takeoverSecondsMost",
                        takeoverSeconds.stream().mapToDouble(each -> each).max().orElse(0))
                .put("violationRateBound95", bound())
                .put("seconds", seconds);
        ArrayNode all = json.putArray("problems");
        problems.forEach(all::add);
        return json.toString();
    }
}
