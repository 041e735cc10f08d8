package io.livegraft.actors.batching;

import io.livegraft.gpu.error.ErrorCode;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Continuous batching: which answers wait, which run, and how many tokens of each are fed in the next pass over the base.
 *
 * <p>A turn asks {@link #next} until it says to advance or to rest, and does each effect before asking again. Nothing here
 * changes what an answer says, only when it is computed (law 3). Everything is bounded: what waits, in all and of each tenant,
 * is refused beyond its bound with the time after which it would not be; what runs ends, because the oldest is never suspended.
 *
 * <p>Several answers to one prompt: the others wait until the first one's prompt is there, so that they can reuse it.
 */
public final class BatchingCore<K> {
    private final BatchingSettings settings;
    private final Shares shares;
    private final FairQueue<K> queue;
    private final RunningAnswers<K> running;
    /** Answers by the one whose prompt they wait for. */
    private final Map<K, List<Answer<K>>> siblings = new HashMap<>();

    private final ServiceRate rate = new ServiceRate();
    private final PlaceRate placeRate;
    private Optional<Answer<K>> entering = Optional.empty();
    private int waiting;

    public BatchingCore(BatchingSettings settings) {
        this.settings = settings;
        this.shares = new Shares(settings.tenants());
        this.queue = new FairQueue<>(shares);
        this.running = new RunningAnswers<>(settings.turnTokens(), settings.pageTokens());
        this.placeRate = new PlaceRate(settings.places());
    }

    /** Answers that wait for a place. */
    public int waiting() {
        return waiting;
    }

    /** Answers on the device, suspended ones too. */
    public int running() {
        return running.size();
    }

    /** A request for answers to one prompt: all of them wait from now on, or none does. */
    public Optional<Refusal> arrived(List<Answer<K>> choices, long nowNanos) {
        Answer<K> first = choices.getFirst();
        Optional<Refusal> refusal =
                refusal(first.tenant(), choices.size(), nowNanos).or(() -> inVain(first, nowNanos));
        if (refusal.isEmpty()) {
            if (waiting + running() == 0) {
                rate.begun(nowNanos);
            }
            waiting += choices.size();
            shares.waits(first.tenant(), choices.size(), nowNanos);
            queue.add(first);
            follow(first, choices.subList(1, choices.size()));
        }
        return refusal;
    }

    private void follow(Answer<K> first, List<Answer<K>> others) {
        if (!others.isEmpty()) {
            siblings.put(first.key(), List.copyOf(others));
        }
    }

    private Optional<Refusal> refusal(String tenant, int answers, long nowNanos) {
        Account account = shares.account(tenant, nowNanos);
        int most = Math.min(account.kind().waiting(), settings.waiting());
        if (answers > most) {
            return refusal(
                    ErrorCode.INVALID_REQUEST,
                    "%d answers are asked for at once, at most %d can be".formatted(answers, most),
                    Optional.empty());
        }
        if (!account.quota().open(nowNanos)) {
            return refusal(
                    ErrorCode.QUOTA_EXCEEDED,
                    "tenant '%s' has used its %d tokens of this minute"
                            .formatted(tenant, account.kind().tokensPerMinute()),
                    Optional.of(account.quota().untilOpen(nowNanos)));
        }
        if (account.waiting() + answers > account.kind().waiting()) {
            return refusal(
                    ErrorCode.QUOTA_EXCEEDED,
                    "tenant '%s' has %d answers waiting already, at most %d may"
                            .formatted(tenant, account.waiting(), account.kind().waiting()),
                    rate.durationOf(account.waiting() * shares.slowdown(tenant), nowNanos));
        }
        return waiting + answers > settings.waiting()
                ? refusal(
                        ErrorCode.OVERLOADED,
                        "%d answers wait already, at most %d may".formatted(waiting, settings.waiting()),
                        rate.durationOf(waiting, nowNanos))
                : Optional.empty();
    }

    /** Whose deadline would pass before a place is free, as far as can be told; never while one is. */
    private Optional<Refusal> inVain(Answer<K> first, long nowNanos) {
        if (first.deadlineNanos().isEmpty()) {
            return Optional.empty();
        }
        double own = shares.account(first.tenant(), nowNanos).waiting() * shares.slowdown(first.tenant());
        double leaving = Math.min(waiting, own) + running() + 1 - settings.places();
        Duration left = Duration.ofNanos(Math.max(0, first.deadlineNanos().getAsLong() - nowNanos));
        return placeRate
                .durationOf(Math.max(0, leaving), nowNanos)
                .filter(wait -> wait.compareTo(left) > 0)
                .map(wait -> new Refusal(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "a place is expected in %.1f s, after the %.1f s in which the answer is wanted"
                                .formatted(wait.toNanos() / 1e9, left.toNanos() / 1e9),
                        Optional.of(wait.minus(left))));
    }

    private static Optional<Refusal> refusal(ErrorCode code, String message, Optional<Duration> retryAfter) {
        return Optional.of(new Refusal(code, message, retryAfter));
    }

    /** Whose deadline has passed; their asker ends them. */
    public List<K> late(long nowNanos) {
        return Stream.concat(waitingAnswers(), running.all().stream().map(Running::answer))
                .filter(answer -> answer.late(nowNanos))
                .map(Answer::key)
                .toList();
    }

    private Stream<Answer<K>> waitingAnswers() {
        return Stream.concat(queue.all(), siblings.values().stream().flatMap(List::stream));
    }

    /** What is to be done now; {@code freePages} of the device's memory are free. */
    public Effect<K> next(int freePages) {
        if (entering.isPresent()) {
            throw new IllegalStateException("nobody told whether %s was admitted".formatted(entering.get()));
        }
        entering = running.size() < settings.places()
                ? queue.first().filter(answer -> running.hasRoomFor(answer, freePages))
                : Optional.empty();
        if (entering.isPresent()) {
            queue.remove(entering.get());
            return new Effect.Admit<>(entering.get().key());
        }
        return running.size() == 0 ? new Effect.Rest<>() : running.plan(freePages);
    }

    /** The device took in what was to be admitted. */
    public void admitted(K key, Sequence sequence) {
        Answer<K> answer = entering.filter(each -> each.key().equals(key)).orElseThrow();
        entering = Optional.empty();
        waitsNoMore(answer);
        shares.runs(answer.tenant(), sequence.pending());
        running.add(new Running<>(answer, sequence));
    }

    /** A token of a running answer was drawn. */
    public void drew(K key) {
        running.find(key).ifPresent(each -> {
            each.drew();
            shares.drew(each.answer().tenant());
        });
        followers(key).ifPresent(queue::addFirst);
    }

    /** It is complete, has failed or is not wanted any more, wherever it was. */
    public void ended(K key, long nowNanos) {
        followers(key).ifPresent(others -> {
            queue.addFirst(others.subList(0, 1));
            follow(others.getFirst(), others.subList(1, others.size()));
        });
        Optional<Running<K>> ran = running.remove(key);
        if (ran.isPresent()) {
            rate.ended(nowNanos);
            placeRate.left(waiting, nowNanos);
            shares.runsNoMore(ran.get().answer().tenant());
        } else {
            entering.filter(each -> each.key().equals(key))
                    .or(() -> waitingAnswers()
                            .filter(each -> each.key().equals(key))
                            .findFirst())
                    .ifPresent(this::leave);
        }
    }

    private void leave(Answer<K> answer) {
        entering = Optional.empty();
        if (!queue.remove(answer)) {
            siblings.replaceAll((first, others) ->
                    others.stream().filter(each -> !each.equals(answer)).toList());
        }
        waitsNoMore(answer);
    }

    private void waitsNoMore(Answer<K> answer) {
        waiting--;
        shares.waitsNoMore(answer.tenant());
    }

    private Optional<List<Answer<K>>> followers(K key) {
        return Optional.ofNullable(siblings.remove(key)).filter(others -> !others.isEmpty());
    }
}
