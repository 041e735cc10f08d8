package io.livegraft.simulation.crash;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the evidence says.
 *
 * @param lost events of the log that are not in the state
 * @param doubled effects in the state that no event of the log accounts for
 * @param matches whether a tenant's final digest is the oracle's
 */
record Verdict(long lost, long doubled, SortedMap<String, Boolean> matches, List<String> problems) {
    boolean passed() {
        return problems.isEmpty();
    }

    /**
     * @param found what the node came to
     * @param oracle what it should have come to
     * @param deadLetters places of the records that the node refused
     */
    static Verdict of(Ledger ledger, SortedMap<String, Found> found, Oracle oracle, Set<CrashLog.Place> deadLetters) {
        List<String> problems = new ArrayList<>();
        SortedMap<String, Boolean> matches = new TreeMap<>();
        long lost = 0;
        long doubled = 0;
        for (String tenant : ledger.tenants().keySet()) {
            Found state = found.get(tenant);
            if (state == null) {
                problems.add("%s has no checkpoint".formatted(tenant));
                matches.put(tenant, false);
                lost += ledger.account(tenant).ids().size();
                continue;
            }
            Balance balance = Balance.of(ledger.account(tenant), state);
            lost += balance.lost();
            doubled += balance.doubled();
            balance.problem().forEach(problem -> problems.add(tenant + ": " + problem));
            matches.put(tenant, compare(tenant, state, oracle.expected(tenant), problems));
        }
        if (!deadLetters.equals(ledger.bad())) {
            problems.add("the dead-letter topic names %d records, the log has %d bad ones, or others"
                    .formatted(deadLetters.size(), ledger.bad().size()));
        }
        return new Verdict(lost, doubled, matches, List.copyOf(problems));
    }

    private static boolean compare(String tenant, Found state, Oracle.Expected expected, List<String> problems) {
        if (!state.intact()) {
            problems.add("%s: the bytes of checkpoint %s have another digest".formatted(tenant, state.digest()));
        }
        boolean same = state.digest().equals(expected.digest());
        if (!same) {
            problems.add("%s: checkpoint %s at offset %d, but the oracle has %s at offset %d"
                    .formatted(tenant, state.digest(), state.offset(), expected.digest(), expected.offset()));
        }
        List<Oracle.Version> offered = expected.versions();
        int newest = offered.isEmpty() ? 0 : offered.getLast().number();
        int retained = Math.min(state.versions().size(), offered.size());
        List<String> due = offered.subList(offered.size() - retained, offered.size()).stream()
                .map(Oracle.Version::digest)
                .toList();
        if (state.version() != newest || !state.versions().equals(due)) {
            problems.add("%s: versions up to %d, but the oracle's newest is %d, or others"
                    .formatted(tenant, state.version(), newest));
        }
        return same && state.intact();
    }

    /** One tenant's events against its state. */
    private record Balance(long lost, long doubled, List<String> problem) {
        static Balance of(Ledger.Account account, Found state) {
            Map<String, Integer> left = new HashMap<>();
            state.ids().forEach(id -> left.merge(id, 1, Integer::sum));
            long missing = account.ids().stream()
                    .filter(id -> left.merge(id, -1, Integer::sum) < 0)
                    .count();
            long surplusIds = left.values().stream()
                    .filter(count -> count > 0)
                    .mapToLong(count -> count)
                    .sum();
            Ledger.Counts due = account.counts();
            Ledger.Counts are = state.counts();
            long lost = Math.max(
                    missing,
                    shortfall(due.trained(), are.trained())
                            + shortfall(due.heldOut(), are.heldOut())
                            + shortfall(due.skipped(), are.skipped())
                            + shortfall(due.undone(), are.undone()));
            long doubled = Math.max(
                    surplusIds,
                    shortfall(are.trained(), due.trained())
                            + shortfall(are.heldOut(), due.heldOut())
                            + shortfall(are.skipped(), due.skipped())
                            + shortfall(are.undone(), due.undone()));
            List<String> problem = new ArrayList<>();
            if (!are.equals(due)) {
                problem.add("the state counts %s, the log has %s".formatted(are, due));
            }
            if (!state.ids().equals(account.ids())) {
                problem.add("the state remembers %d ids, the log has %d, or in another order"
                        .formatted(state.ids().size(), account.ids().size()));
            }
            return new Balance(lost, doubled, problem);
        }

        private static long shortfall(long due, long is) {
            return Math.max(0, due - is);
        }
    }
}
