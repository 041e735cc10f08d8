package io.livegraft.simulation.crash;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.simulation.run.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/**
 * What a run came to.
 *
 * @param midWrite kills that cut a write of a checkpoint or an adapter off
 * @param ownEnds lives that nobody ended
 */
record CrashReport(
        CrashSettings run,
        Map<Phase, Integer> phases,
        int midWrite,
        List<String> ownEnds,
        Ledger ledger,
        SortedMap<String, Found> found,
        Verdict verdict,
        double seconds)
        implements Report {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public List<String> problems() {
        List<String> problems = new ArrayList<>(ownEnds);
        problems.addAll(verdict.problems());
        return problems;
    }

    /** Highest rate of violations that so many kills without one leave possible, with 95 % confidence (the rule of three). */
    double bound() {
        return run.kills() == 0 ? 1 : Math.min(1, 3.0 / run.kills());
    }

    @Override
    public String text() {
        return String.format(
                Locale.ROOT,
                "%d kills in %.0f s (seed %d): %d events of %d tenants, %d lost, %d doubled, %d of %d digests the oracle's",
                run.kills(),
                seconds,
                run.seed(),
                ledger.events(),
                ledger.tenants().size(),
                verdict.lost(),
                verdict.doubled(),
                verdict.matches().values().stream().filter(same -> same).count(),
                verdict.matches().size());
    }

    @Override
    public String json() {
        ObjectNode json = JSON.createObjectNode()
                .put("passed", problems().isEmpty())
                .put("kills", run.kills())
                .put("restarts", run.kills() + 1)
                .put("seed", run.seed())
                .put("events", ledger.events())
                .put("records", run.events())
                .put("controlRecords", ledger.controls())
                .put("badRecords", ledger.bad().size())
                .put("lost", verdict.lost())
                .put("doubled", verdict.doubled())
                .put("violationRateBound95", bound())
                .put("seconds", seconds)
                .put("midWrite", midWrite);
        ObjectNode byPhase = json.putObject("killsByPhase");
        for (Phase phase : Phase.values()) {
            byPhase.put(phase.name().toLowerCase(Locale.ROOT), phases.getOrDefault(phase, 0));
        }
        ArrayNode tenants = json.putArray("tenants");
        verdict.matches().forEach((tenant, same) -> tenants.add(tenant(tenant, same)));
        ArrayNode all = json.putArray("problems");
        problems().forEach(all::add);
        return json.toString();
    }

    private ObjectNode tenant(String tenant, boolean same) {
        ObjectNode json = JSON.createObjectNode().put("tenant", tenant).put("digestMatches", same);
        Ledger.Counts counts = ledger.account(tenant).counts();
        json.put("trained", counts.trained())
                .put("heldOut", counts.heldOut())
                .put("duplicates", counts.duplicates())
                .put("skipped", counts.skipped())
                .put("undone", counts.undone());
        if (found.containsKey(tenant)) {
            json.put("versions", found.get(tenant).version())
                    .put("checkpointDigest", found.get(tenant).digest());
        }
        return json;
    }
}
