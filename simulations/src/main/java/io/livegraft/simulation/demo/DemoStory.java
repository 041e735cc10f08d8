package io.livegraft.simulation.demo;

import io.livegraft.simulation.feedback.Probe;
import io.livegraft.simulation.feedback.TenantFeedback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The script: ask the base, send the feedback while everybody is asked, wait until all of it serves, ask again, roll back, ask,
 * go forth, ask. What does not hold is noted and the story goes on, so that the report is whole.
 */
final class DemoStory {
    private static final Duration LOOK = Duration.ofMillis(400);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final String BACK = "the demo shows that the old answer comes back";
    private static final String FORTH = "the demo goes on with what was learned";

    private final List<TenantFeedback> tenants;
    private final NodeClient node;
    private final EventStream events;
    private final StoryFile file;
    private final Progress progress;
    private final Measurements measurements = new Measurements();
    private final List<String> problems = new ArrayList<>();

    DemoStory(List<TenantFeedback> tenants, NodeClient node, EventStream events, StoryFile file, Progress progress) {
        this.tenants = List.copyOf(tenants);
        this.node = node;
        this.events = events;
        this.file = file;
        this.progress = progress;
    }

    DemoReport tell(double eventsPerSecond) {
        Map<String, Probe> probes = new TreeMap<>();
        tenants.forEach(tenant -> probes.put(tenant.tenant(), tenant.probe()));
        Verdict.Answers answers;
        try (var prober = new Prober(node, probes, measurements)) {
            answers = tell(eventsPerSecond, prober, new NodeWatch(node, measurements.freshness(), prober, file));
        }
        NodeWatch.Seen seen = new NodeWatch.Seen(node.adapters(), node.training());
        return new Verdict(tenants, events.feedback(), events.deadLetters(), measurements)
                .report(seen, answers, progress.seconds(), file.resumed(), problems);
    }

    private Verdict.Answers tell(double eventsPerSecond, Prober prober, NodeWatch watch) {
        LogContents log = file.resumed() ? afterRestart(watch) : LogContents.EMPTY;
        Map<String, String> before = askBase();
        var feeding = new Feeding(events, watch, measurements, progress);
        prober.start();
        feeding.send(Feeding.inTurn(tenants, log), eventsPerSecond, log);
        problems.addAll(feeding.awaitPublished());
        awaitAnswers(watch, prober);
        progress.say("all that was sent is published; asking again");
        return new Verdict.Answers(before, askTenants(), rollBack(watch), goForth(watch));
    }

    /** Says what serves again; the last version that was seen must. Returns what the log holds already. */
    private LogContents afterRestart(NodeWatch watch) {
        Map<String, Integer> expected = file.published();
        NodeWatch.Seen seen = awaitKnown(watch, expected);
        seen.adapters().forEach((tenant, state) -> {
            int last = expected.getOrDefault(tenant, 0);
            progress.say("%s serves again; version %d was seen last%s"
                    .formatted(state.label(), last, state.held() ? ", publishing is held" : ""));
            if (!state.held() && state.serving() < last) {
                problems.add("after the restart %s serves, not %s:%d".formatted(state.label(), tenant, last));
            }
            goForth(state);
        });
        for (TenantFeedback tenant : tenants) {
            if (seen.adapters().containsKey(tenant.tenant())) {
                NodeClient.Answer answer = node.ask(tenant.tenant(), tenant.probe());
                progress.answer(answer.label(), answer.text());
            }
        }
        LogContents log = events.feedback();
        int held =
                tenants.stream().mapToInt(tenant -> log.count(tenant.tenant())).sum();
        progress.say("%d events are in the log already".formatted(held));
        return log;
    }

    private NodeWatch.Seen awaitKnown(NodeWatch watch, Map<String, Integer> expected) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        NodeWatch.Seen seen = watch.look();
        while (!seen.adapters().keySet().containsAll(expected.keySet())) {
            if (System.nanoTime() > deadline) {
                problems.add("after the restart only %s are known, not %s"
                        .formatted(seen.adapters().keySet(), expected.keySet()));
                return seen;
            }
            Pause.of(LOOK);
            seen = watch.look();
        }
        return seen;
    }

    private Map<String, String> askBase() {
        String base = node.base();
        progress.say("asking the base, %s".formatted(base));
        Map<String, String> answers = new TreeMap<>();
        for (TenantFeedback tenant : tenants) {
            progress.question(tenant.tenant(), tenant.probe().text());
            NodeClient.Answer answer = node.ask(base, tenant.probe());
            progress.answer(answer.label(), answer.text());
            answers.put(tenant.tenant(), answer.text());
        }
        return answers;
    }

    private Map<String, String> askTenants() {
        Map<String, String> answers = new TreeMap<>();
        for (TenantFeedback tenant : tenants) {
            NodeClient.Answer answer = node.ask(tenant.tenant(), tenant.probe());
            progress.answer(answer.label(), answer.text());
            answers.put(tenant.tenant(), answer.text());
        }
        return answers;
    }

    /** The prober asks on; freshness ends with the first answer by the newest version. */
    private void awaitAnswers(NodeWatch watch, Prober prober) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (watch.look().adapters().values().stream()
                .anyMatch(state -> prober.latestVersion(state.tenant()) < state.serving())) {
            if (System.nanoTime() > deadline) {
                problems.add("no answer by every newest version within %d s".formatted(PATIENCE.toSeconds()));
                return;
            }
            Pause.of(LOOK);
        }
    }

    private Map<String, String> rollBack(NodeWatch watch) {
        progress.say("rolling everybody back to the base");
        watch.look().adapters().values().stream()
                .filter(state -> state.serving() != 0)
                .forEach(state -> node.change(state.tenant(), "rollback", 0, BACK));
        Map<String, String> answers = askTenants();
        watch.look().adapters().values().stream()
                .filter(state -> state.serving() != 0 || !state.held())
                .forEach(state -> problems.add("%s was rolled back, but %s serves, held: %s"
                        .formatted(state.tenant(), state.label(), state.held())));
        return answers;
    }

    private Map<String, String> goForth(NodeWatch watch) {
        progress.say("promoting the newest versions again and resuming");
        watch.look().adapters().values().forEach(this::goForth);
        return askTenants();
    }

    /** Undoes a rollback, this story's own or one that a killed process left behind. */
    private void goForth(TenantState state) {
        if (state.held()) {
            state.newest()
                    .filter(newest -> newest.number() != state.serving())
                    .ifPresent(newest -> node.change(state.tenant(), "promote", newest.number(), FORTH));
            node.change(state.tenant(), "resume", 0, FORTH);
        }
    }
}
