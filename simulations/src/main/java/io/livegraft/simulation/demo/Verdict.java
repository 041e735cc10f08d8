package io.livegraft.simulation.demo;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.feedback.TenantFeedback;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Puts the report together and says what did not hold. */
final class Verdict {
    private final List<TenantFeedback> tenants;
    private final LogContents log;
    private final LogContents deadLetters;
    private final Measurements measurements;

    Verdict(List<TenantFeedback> tenants, LogContents log, LogContents deadLetters, Measurements measurements) {
        this.tenants = tenants;
        this.log = log;
        this.deadLetters = deadLetters;
        this.measurements = measurements;
    }

    /** The same question to each tenant at four moments. */
    record Answers(
            Map<String, String> before,
            Map<String, String> after,
            Map<String, String> rolledBack,
            Map<String, String> restored) {}

    /** {@code noted} are the problems that the story met on its way. */
    DemoReport report(NodeWatch.Seen seen, Answers answers, double seconds, boolean resumed, List<String> noted) {
        Map<String, DemoReport.TenantReport> reports = new TreeMap<>();
        List<String> problems = new ArrayList<>(noted);
        for (TenantFeedback tenant : tenants) {
            DemoReport.TenantReport report = tenant(tenant, seen, answers);
            reports.put(tenant.tenant(), report);
            judge(tenant, report, problems);
        }
        judge(measurements.tally().count(), problems);
        return new DemoReport(
                reports, measurements.freshness().all(), measurements.tally().count(), seconds, resumed, problems);
    }

    private DemoReport.TenantReport tenant(TenantFeedback tenant, NodeWatch.Seen seen, Answers answers) {
        String name = tenant.tenant();
        Optional<TenantState.Version> newest = required(seen.adapters(), name).newest();
        return new DemoReport.TenantReport(
                log.count(name),
                deadLetters.count(name),
                newest.map(TenantState.Version::number).orElse(0),
                tenant.probe().text(),
                required(answers.before(), name),
                required(answers.after(), name),
                required(answers.rolledBack(), name),
                required(answers.restored(), name),
                measurements.freshness().of(name),
                newest.map(TenantState.Version::baseNll).orElse(OptionalDouble.empty()),
                newest.map(TenantState.Version::nll).orElse(OptionalDouble.empty()),
                required(seen.training(), name));
    }

    private static void judge(TenantFeedback tenant, DemoReport.TenantReport report, List<String> problems) {
        String name = tenant.tenant();
        int unsent = tenant.events().size() - report.sent();
        if (unsent != 0) {
            problems.add("%d events of %s are not in the log".formatted(unsent, name));
        }
        if (report.missing() != 0) {
            problems.add("%s has %d events in the log, %d refused, but used %d"
                    .formatted(
                            name,
                            report.sent(),
                            report.deadLettered(),
                            report.training().used()));
        }
        if (report.versions() == 0) {
            problems.add("%s published no version".formatted(name));
        }
        if (!report.rolledBackMatches()) {
            problems.add("%s, rolled back, does not answer as the base".formatted(name));
        }
        if (!report.restoredMatches()) {
            problems.add("%s, serving its newest version again, does not answer as before".formatted(name));
        }
    }

    private static void judge(Tally.Count requests, List<String> problems) {
        if (requests.failed() > 0) {
            problems.add("%d of %d requests failed, the first: %s"
                    .formatted(
                            requests.failed(),
                            requests.requests(),
                            requests.firstFailure().orElse("")));
        }
        if (requests.mixed() > 0) {
            problems.add("%d answers were made by more than one version".formatted(requests.mixed()));
        }
    }

    private static <T> T required(Map<String, T> states, String tenant) {
        T state = states.get(tenant);
        if (state == null) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the node knows nothing of tenant " + tenant);
        }
        return state;
    }
}
