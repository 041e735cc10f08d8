package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.batching.SimulatedDevice.Generated;
import io.livegraft.actors.batching.SimulatedDevice.Wish;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Random arrivals, departures, deadlines and failures against a policy and a simulated device; after each effect everything
 * that must hold is checked. The same seed runs the same way.
 */
final class Simulation {
    private static final long TURN_NANOS = 1_000_000;
    private static final long TOKEN_NANOS = 100_000;
    private static final int VOCABULARY = 50_000;

    /** @param turns in which something may arrive; then what is there must end */
    record Load(int turns, double arrivalsPerTurn, int tenants, int promptTokens, int answerTokens, int choices) {}

    private final BatchingSettings settings;
    private final Policy policy;
    private final SimulatedDevice device;
    private final Load load;
    private final Random random;
    private final SequencedSet<Generated> waiting = new LinkedHashSet<>();
    /** In the order of admission. */
    private final SequencedSet<Generated> running = new LinkedHashSet<>();

    private final List<Generated> complete = new ArrayList<>();
    private final Map<String, Integer> admittedLast = new HashMap<>();
    /** Requests of which something was drawn. */
    private final Set<Integer> prompted = new HashSet<>();

    private long nowNanos;
    private int requests;
    int suspensions;
    int refused;
    int late;

    Simulation(BatchingSettings settings, Policy policy, int pages, Load load, long seed) {
        this.settings = settings;
        this.policy = policy;
        this.device = new SimulatedDevice(pages, settings.pageTokens());
        this.load = load;
        this.random = new Random(seed);
    }

    void run() {
        for (int turn = 0; turn < load.turns(); turn++) {
            while (random.nextDouble() < load.arrivalsPerTurn() / (1 + load.arrivalsPerTurn())) {
                arrive();
            }
            leave();
            turn();
        }
        int most = 10 * (waiting.size() + running.size() + 1) * (load.promptTokens() + load.answerTokens());
        for (int turn = 0; turn < most && !(waiting.isEmpty() && running.isEmpty()); turn++) {
            turn();
        }
        assertTrue(waiting.isEmpty() && running.isEmpty(), "what was taken never ends");
        assertTrue(device.allFree(), "pages are lost");
        complete.forEach(this::checkAnswer);
    }

    int completed() {
        return complete.size();
    }

    private void arrive() {
        int request = requests++;
        String tenant = "t" + random.nextInt(load.tenants());
        List<Integer> prompt = IntStream.range(0, 1 + random.nextInt(load.promptTokens()))
                .map(i -> random.nextInt(VOCABULARY))
                .boxed()
                .toList();
        OptionalLong deadline = random.nextInt(4) == 0
                ? OptionalLong.of(nowNanos + random.nextInt(500) * TURN_NANOS)
                : OptionalLong.empty();
        List<Generated> choices = IntStream.rangeClosed(0, random.nextInt(load.choices()))
                .mapToObj(i -> device.generated(
                        new Wish(request, tenant, prompt, 1 + random.nextInt(load.answerTokens()), deadline)))
                .toList();
        if (policy.arrived(choices.stream().map(Generated::answer).toList(), nowNanos)
                .isPresent()) {
            refused++;
        } else {
            waiting.addAll(choices);
        }
        checkBounds();
    }

    /** A client that hangs up. */
    private void leave() {
        List<Generated> there =
                Stream.concat(waiting.stream(), running.stream()).toList();
        if (!there.isEmpty() && random.nextInt(20) == 0) {
            end(there.get(random.nextInt(there.size())));
        }
    }

    private void turn() {
        policy.late(nowNanos).forEach(one -> {
            assertTrue(one.answer().late(nowNanos));
            late++;
            end(one);
        });
        assertTrue(
                Stream.concat(waiting.stream(), running.stream())
                        .noneMatch(one -> one.answer().late(nowNanos)),
                "one whose deadline has passed goes on");
        boolean more = true;
        while (more) {
            more = switch (policy.next(device.free())) {
                case Effect.Admit<Generated>(Generated entering) -> admit(entering);
                case Effect.Suspend<Generated>(Generated youngest) -> suspend(youngest);
                case Effect.Advance<Generated>(List<Effect.Chunk<Generated>> batch) -> advance(batch);
                case Effect.Rest<Generated> rest -> {
                    assertTrue(running.isEmpty(), "nothing goes on although something runs");
                    yield false;
                }
            };
            checkBounds();
        }
        nowNanos += TURN_NANOS;
    }

    private boolean admit(Generated entering) {
        waiting.remove(entering);
        int request = entering.wish().request();
        int before = admittedLast.getOrDefault(entering.wish().tenant(), -1);
        admittedLast.put(entering.wish().tenant(), request);
        assertTrue(load.choices() > 1 || before < request, "a tenant's later request goes first");
        assertTrue(
                prompted.contains(request)
                        || running.stream().noneMatch(each -> each.wish().request() == request),
                "a choice begins before another one's prompt is there");
        if (random.nextInt(50) == 0) {
            policy.ended(entering, nowNanos); // the device can't take it
        } else {
            running.add(entering);
            policy.admitted(entering, entering);
        }
        return true;
    }

    private boolean suspend(Generated youngest) {
        suspensions++;
        youngest.suspend();
        return true;
    }

    private boolean advance(List<Effect.Chunk<Generated>> batch) {
        Set<Generated> fed = batch.stream().map(Effect.Chunk::key).collect(Collectors.toSet());
        assertTrue(fed.contains(running.getFirst()), "the oldest is not fed");
        assertTrue(
                running.stream().allMatch(each -> !each.started() || each.pending() > 1 || fed.contains(each)),
                "a decode step is left out");
        int catchingUp = batch.stream()
                .filter(chunk -> chunk.key().pending() > 1)
                .mapToInt(Effect.Chunk::tokens)
                .sum();
        assertTrue(catchingUp <= settings.turnTokens(), "more prompt tokens than a turn may feed");
        batch.forEach(this::advance);
        return false;
    }

    private void advance(Effect.Chunk<Generated> chunk) {
        Generated one = chunk.key();
        nowNanos += chunk.tokens() * TOKEN_NANOS;
        if (one.advance(chunk.tokens())) {
            prompted.add(one.wish().request());
            policy.drew(one);
        }
        if (one.finished()) {
            complete.add(one);
            end(one);
        }
    }

    private void end(Generated one) {
        waiting.remove(one);
        running.remove(one);
        one.suspend();
        policy.ended(one, nowNanos);
    }

    private void checkBounds() {
        assertEquals(waiting.size(), policy.waiting());
        assertEquals(running.size(), policy.running());
        assertTrue(running.size() <= settings.places(), "more run than there are places");
        assertTrue(waiting.size() <= settings.waiting(), "more wait than may");
        checkBound(running, TenantClass::running);
        checkBound(waiting, TenantClass::waiting);
    }

    private void checkBound(Collection<Generated> some, ToIntFunction<TenantClass> most) {
        some.stream()
                .collect(Collectors.groupingBy(each -> each.wish().tenant(), Collectors.counting()))
                .forEach((tenant, answers) -> assertTrue(
                        answers <= most.applyAsInt(settings.tenants().classes().of(tenant)),
                        "a tenant has more than it may"));
    }

    /** The tokens of a complete answer are those it has alone. */
    private void checkAnswer(Generated one) {
        Generated alone = new SimulatedDevice(1_000_000, settings.pageTokens()).generated(one.wish());
        while (!alone.finished()) {
            alone.advance(alone.pending());
        }
        assertEquals(alone.drawn(), one.drawn());
    }
}
