package io.livegraft.simulation.demo;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.simulation.feedback.TenantFeedback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The script: ask the base, send the feedback while everybody is asked, wait until all of it serves, ask again, roll back, ask,
 * go forth, ask. What does not hold is noted and the story goes on, so that the report is whole.
 */
final class DemoStory {
    private static final Duration LOOK = Duration.ofMillis(400);
    private static final Duration STATUS = Duration.ofSeconds(3);
    /** Without any movement for so long, a tenant whose log is read to its end has published what there is. */
    private static final Duration QUIET = Duration.ofSeconds(10);

    private static final Duration STALLED = Duration.ofSeconds(90);
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(15);
    private static final String REASON_BACK = "the demo shows that the old answer comes back";
    private static final String REASON_FORTH = "the demo goes on with what was learned";

    private final List<TenantFeedback> tenants;
    private final double eventsPerSecond;
    private final NodeClient node;
    private final EventStream events;
    private final StoryFile file;
    private final Progress progress;
    private final Freshness freshness = new Freshness();
    private final Tally tally = new Tally();
    private final List<String> problems = new ArrayList<>();
    private final Map<String, Long> lastOffsets = new ConcurrentHashMap<>();

    DemoStory(
            List<TenantFeedback> tenants,
            double eventsPerSecond,
            NodeClient node,
            EventStream events,
            StoryFile file,
            Progress progress) {
        this.tenants = List.copyOf(tenants);
        this.eventsPerSecond = eventsPerSecond;
        this.node = node;
        this.events = events;
        this.file = file;
        this.progress = progress;
    }

    private record Item(String tenant, FeedbackRecord event) {}

    DemoReport tell() {
        var probes = new LinkedHashMap<String, io.livegraft.simulation.feedback.Probe>();
        tenants.forEach(tenant -> probes.put(tenant.tenant(), tenant.probe()));
        try (var prober = new Prober(node, probes, freshness, tally)) {
            var watch = new NodeWatch(node, freshness, prober, file);
            return tell(prober, watch);
        }
    }

    private DemoReport tell(Prober prober, NodeWatch watch) {
        List<Item> missing = file.resumed() ? afterRestart(watch) : interleaved();
        Map<String, String> before = askBase();
        prober.start();
        send(missing, watch);
        settle(watch);
        awaitAnswers(watch, prober);
        progress.say("everything sent is served; asking again");
        Map<String, String> after = askAll("serving");
        Map<String, String> rolledBack = rollBack(watch);
        compare("rolled back", before, rolledBack);
        Map<String, String> restored = goForth(watch);
        compare("serving its newest version again", after, restored);
        prober.close();
        return report(watch.look(), before, after, rolledBack, restored);
    }

    private List<Item> interleaved() {
        List<Item> items = new ArrayList<>();
        int longest = tenants.stream().mapToInt(tenant -> tenant.events().size()).max().orElse(0);
        for (int number = 0; number < longest; number++) {
            for (TenantFeedback tenant : tenants) {
                if (number < tenant.events().size()) {
                    items.add(new Item(tenant.tenant(), tenant.events().get(number)));
                }
            }
        }
        return items;
    }

    /** Says what serves again and returns what the log does not hold yet. */
    private List<Item> afterRestart(NodeWatch watch) {
        Map<String, Integer> expected = file.published();
        NodeWatch.Seen seen = awaitKnown(watch, expected);
        for (TenantFeedback tenant : tenants) {
            TenantState state = seen.adapters().get(tenant.tenant());
            if (state == null) {
                continue;
            }
            NodeClient.Answer answer = node.ask(tenant.tenant(), tenant.probe());
            int least = expected.getOrDefault(tenant.tenant(), 0);
            progress.say("%s serves again, %s was seen last%s"
                    .formatted(answer.label(), tenant.tenant() + ":" + least, state.held() ? "; held" : ""));
            if (!answer.label().equals(state.label()) || (!state.held() && state.serving() < least)) {
                problems.add("after the restart %s serves, not %s:%d".formatted(answer.label(), tenant.tenant(), least));
            }
            forth(state);
        }
        LogContents log = events.feedback();
        lastOffsets.putAll(log.lastOffsets());
        List<Item> missing = interleaved().stream()
                .filter(item -> !log.holds(item.tenant(), item.event().getEventId()))
                .toList();
        progress.say("resuming: %d of %d events are in the log, %d are not"
                .formatted(total() - missing.size(), total(), missing.size()));
        return missing;
    }

    private NodeWatch.Seen awaitKnown(NodeWatch watch, Map<String, Integer> expected) {
        long deadline = System.nanoTime() + FIRST_ANSWER.toNanos();
        NodeWatch.Seen seen = watch.look();
        while (!seen.adapters().keySet().containsAll(expected.keySet())) {
            if (System.nanoTime() > deadline) {
                problems.add("after the restart only %s are known, not %s"
                        .formatted(seen.adapters().keySet(), expected.keySet()));
                return seen;
            }
            pause(LOOK);
            seen = watch.look();
        }
        return seen;
    }

    private Map<String, String> askBase() {
        String base = node.base();
        progress.say("asking " + base);
        Map<String, String> answers = new TreeMap<>();
        for (TenantFeedback tenant : tenants) {
            NodeClient.Answer answer = node.ask(base, tenant.probe());
            answers.put(tenant.tenant(), answer.text());
            progress.answer(tenant.tenant() + " asks", tenant.probe().text(), "");
            progress.answer(tenant.tenant(), answer.label(), answer.text());
        }
        return answers;
    }

    /** Open loop: an event is sent when it is due, however long earlier ones take to be learned. */
    private void send(List<Item> items, NodeWatch watch) {
        progress.say("sending %d events, %.0f a second".formatted(items.size(), eventsPerSecond));
        long start = System.nanoTime();
        long nextLook = start;
        long nextStatus = start + STATUS.toNanos();
        AtomicInteger acknowledged = new AtomicInteger();
        for (int i = 0; i < items.size(); i++) {
            long due = start + (long) (i / eventsPerSecond * 1e9);
            for (long now = System.nanoTime(); now < due || now >= nextLook; now = System.nanoTime()) {
                if (now >= nextLook) {
                    watch.look();
                    nextLook = System.nanoTime() + LOOK.toNanos();
                } else {
                    pause(Duration.ofNanos(Math.min(due, nextLook) - now));
                }
            }
            send(items.get(i), acknowledged);
            if (System.nanoTime() >= nextStatus) {
                progress.status(acknowledged.get(), items.size(), watch.latest(), freshness.all(), tally.count());
                nextStatus += STATUS.toNanos();
            }
        }
        events.flush();
        progress.say("%d events acknowledged by the broker".formatted(acknowledged.get()));
    }

    private void send(Item item, AtomicInteger acknowledged) {
        long now = System.currentTimeMillis();
        FeedbackRecord event = item.event().toBuilder().setEventTimeMillis(now).build();
        events.send(item.tenant(), event, (partition, offset) -> {
            freshness.sent(item.tenant(), partition, offset, now);
            lastOffsets.merge(item.tenant(), offset, Math::max);
            acknowledged.incrementAndGet();
        });
    }

    /** Waits until every tenant's log is read to its last event and published, for as long as anything moves. */
    private void settle(NodeWatch watch) {
        NodeWatch.Seen seen = watch.look();
        long moved = System.nanoTime();
        long nextStatus = moved + STATUS.toNanos();
        while (true) {
            long still = System.nanoTime() - moved;
            NodeWatch.Seen now = seen;
            boolean read = lastOffsets.entrySet().stream().allMatch(last -> now.read(last.getKey(), last.getValue()));
            boolean published =
                    lastOffsets.entrySet().stream().allMatch(last -> now.published(last.getKey(), last.getValue()));
            if (read && (published || still > QUIET.toNanos())) {
                return;
            }
            if (still > STALLED.toNanos()) {
                problems.add("training stood still for %d s before the last event".formatted(STALLED.toSeconds()));
                return;
            }
            pause(LOOK);
            seen = watch.look();
            if (!seen.equals(now)) {
                moved = System.nanoTime();
            }
            if (System.nanoTime() >= nextStatus) {
                progress.status(total(), total(), seen, freshness.all(), tally.count());
                nextStatus += STATUS.toNanos();
            }
        }
    }

    /** The prober asks on; freshness ends with the first answer by the newest version. */
    private void awaitAnswers(NodeWatch watch, Prober prober) {
        long deadline = System.nanoTime() + FIRST_ANSWER.toNanos();
        while (watch.latest().adapters().values().stream()
                .anyMatch(state -> prober.latestVersion(state.tenant()) < state.serving())) {
            if (System.nanoTime() > deadline) {
                problems.add("no answer by every newest version within %d s".formatted(FIRST_ANSWER.toSeconds()));
                return;
            }
            pause(LOOK);
        }
    }

    private Map<String, String> askAll(String role) {
        Map<String, String> answers = new TreeMap<>();
        for (TenantFeedback tenant : tenants) {
            NodeClient.Answer answer = node.ask(tenant.tenant(), tenant.probe());
            answers.put(tenant.tenant(), answer.text());
            progress.answer(tenant.tenant() + " " + role, answer.label(), answer.text());
        }
        return answers;
    }

    private Map<String, String> rollBack(NodeWatch watch) {
        progress.say("rolling everybody back to the base");
        watch.look().adapters().values().stream()
                .filter(state -> state.serving() != 0)
                .forEach(state -> node.change(state.tenant(), "rollback", 0, REASON_BACK));
        Map<String, String> answers = askAll("rolled back");
        watch.look().adapters().values().stream()
                .filter(state -> state.serving() != 0 || !state.held())
                .forEach(state -> problems.add("%s was rolled back but %s serves%s"
                        .formatted(state.tenant(), state.label(), state.held() ? "" : " and publishing is not held")));
        return answers;
    }

    private Map<String, String> goForth(NodeWatch watch) {
        progress.say("promoting the newest versions again and resuming");
        watch.look().adapters().values().forEach(this::forth);
        return askAll("serving again");
    }

    /** Undoes a rollback. */
    private void forth(TenantState state) {
        if (!state.held()) {
            return;
        }
        state.newest()
                .filter(newest -> newest.number() != state.serving())
                .ifPresent(newest -> node.change(state.tenant(), "promote", newest.number(), REASON_FORTH));
        node.change(state.tenant(), "resume", 0, REASON_FORTH);
    }

    private void compare(String when, Map<String, String> expected, Map<String, String> actual) {
        expected.forEach((tenant, text) -> {
            if (!text.equals(actual.get(tenant))) {
                problems.add("%s answers differently %s".formatted(tenant, when));
            }
        });
    }

    private DemoReport report(
            NodeWatch.Seen seen,
            Map<String, String> before,
            Map<String, String> after,
            Map<String, String> rolledBack,
            Map<String, String> restored) {
        LogContents log = events.feedback();
        LogContents dead = events.deadLetters();
        Map<String, DemoReport.TenantReport> reports = new TreeMap<>();
        for (TenantFeedback tenant : tenants) {
            String name = tenant.tenant();
            TenantState state = required(seen.adapters(), name);
            var served = state.newest();
            reports.put(
                    name,
                    new DemoReport.TenantReport(
                            log.count(name),
                            dead.count(name),
                            served.map(TenantState.Version::number).orElse(0),
                            tenant.probe().text(),
                            before.getOrDefault(name, ""),
                            after.getOrDefault(name, ""),
                            rolledBack.getOrDefault(name, ""),
                            restored.getOrDefault(name, ""),
                            freshness.of(name),
                            served.map(TenantState.Version::baseNll).orElse(java.util.OptionalDouble.empty()),
                            served.map(TenantState.Version::nll).orElse(java.util.OptionalDouble.empty()),
                            required(seen.training(), name)));
        }
        judge(reports, log);
        return new DemoReport(
                reports, freshness.all(), tally.count(), progress.seconds(), file.resumed(), problems);
    }

    private void judge(Map<String, DemoReport.TenantReport> reports, LogContents log) {
        for (TenantFeedback tenant : tenants) {
            int unsent = tenant.events().size() - log.count(tenant.tenant());
            if (unsent != 0) {
                problems.add("%d events of %s are not in the log".formatted(unsent, tenant.tenant()));
            }
        }
        reports.forEach((tenant, report) -> {
            if (report.versions() == 0) {
                problems.add("%s published no version".formatted(tenant));
            }
            if (report.missing() != 0) {
                problems.add("%s has %d events but used %d"
                        .formatted(tenant, report.sent() - report.deadLettered(), report.training().used()));
            }
        });
        Tally.Count requests = tally.count();
        if (requests.failed() > 0) {
            problems.add("%d of %d requests failed, first: %s"
                    .formatted(requests.failed(), requests.requests(), requests.firstFailure().orElse("")));
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

    private int total() {
        return tenants.stream().mapToInt(tenant -> tenant.events().size()).sum();
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the story was interrupted", interrupted);
        }
    }
}
