package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Loss;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Decides from one tenant's log alone what is trained, saved and offered, and when.
 *
 * <p>A value, not an actor: {@link #on} takes one entry and returns the next value and what is to be done, without clock,
 * thread or I/O, so that replaying a log prefix always yields the same steps (law 1). What becomes of an offer never comes
 * back here.
 *
 * <p>Invariants: {@code waiting} never fills a step; it is empty, and so is {@code deadlineMillis}, whenever an outcome asks
 * for a checkpoint; entries at or below {@code offset} change nothing; a tick that closes and offers nothing changes nothing.
 *
 * <p>A {@link LogEntry.Forget} or {@link LogEntry.Reset} can't be done with this value alone: it leads to a {@link Remake}, the
 * log read again with a {@link Selection} of its entries.
 *
 * @param settings the node's with {@code configured} over them
 * @param offset last entry that changed this state; −1 before the first
 * @param deadlineMillis log time at which what waits is closed; present while anything since the last close is unsaved
 * @param waiting new examples of the open step: lessons, as far as the loss learns from them
 * @param reservoir a uniform sample of the examples trained so far
 * @param heldOut never trained, oldest first
 * @param steps closed so far
 * @param offerDeadlineMillis log time at which the steps since the last offer are offered without further ones
 * @param eventTimes of the examples since the last offer
 * @param contributions of principals since the last offer
 */
public record TrainerCore(
        StepSettings settings,
        Configured configured,
        long offset,
        OptionalLong deadlineMillis,
        List<Lesson> waiting,
        EventWindow window,
        List<Lesson> reservoir,
        List<Lesson> heldOut,
        long randomState,
        TrainerCounters counters,
        long steps,
        int stepsSinceOffer,
        OptionalLong offerDeadlineMillis,
        List<Long> eventTimes,
        Contributions contributions) {

    /** What to train on, new lessons first, then replayed ones; at least one teaches {@code loss} something. */
    public record ClosedStep(long number, List<Lesson> lessons, Loss loss, long throughOffset) {}

    /** A version to offer: the state after {@code step}, with what it learned since the last offer. */
    public record Offer(List<Long> eventTimes) {}

    /**
     * What one entry leads to.
     *
     * @param next holds once the closed step is trained; with {@code remake} it is what was before
     * @param checkpoint whether to save {@code next}; always with an offer
     * @param remake nothing else is present with it
     */
    public record Outcome(
            TrainerCore next,
            Optional<ClosedStep> closed,
            boolean checkpoint,
            Optional<Offer> offer,
            Optional<Remake> remake) {
        private Outcome(TrainerCore next, Optional<ClosedStep> closed, boolean checkpoint, Optional<Offer> offer) {
            this(next, closed, checkpoint, offer, Optional.empty());
        }
    }

    /** The state is to be made again from the log, as it is selected through this entry. */
    public record Remake(LogEntry.Control cause) {
        public long throughOffset() {
            return cause.offset();
        }
    }

    public TrainerCore {
        waiting = List.copyOf(waiting);
        reservoir = List.copyOf(reservoir);
        heldOut = List.copyOf(heldOut);
        eventTimes = List.copyOf(eventTimes);
    }

    public static TrainerCore initial(StepSettings settings, String tenant) {
        return new TrainerCore(
                settings,
                Configured.NOTHING,
                -1,
                OptionalLong.empty(),
                List.of(),
                EventWindow.empty(settings.eventWindow()),
                List.of(),
                List.of(),
                seed(settings, tenant),
                TrainerCounters.NONE,
                0,
                0,
                OptionalLong.empty(),
                List.of(),
                Contributions.NONE);
    }

    /** The seed of a tenant's fresh adapter and of its draws: tenants differ, restarts do not. */
    public static long seed(StepSettings settings, String tenant) {
        return settings.seed() ^ Digests.leadingLong(tenant);
    }

    public Outcome on(LogEntry entry) {
        if (entry.offset() <= offset) {
            return nothing(); // delivered again: already part of this state
        }
        return switch (entry) {
            case LogEntry.Feedback feedback -> onFeedback(feedback);
            case LogEntry.Tick tick -> onTick(tick);
            case LogEntry.Configure configure -> onConfigure(configure);
            case LogEntry.Forget forget -> remake(forget);
            case LogEntry.Reset reset -> remake(reset);
        };
    }

    private Outcome remake(LogEntry.Control cause) {
        return new Outcome(this, Optional.empty(), false, Optional.empty(), Optional.of(new Remake(cause)));
    }

    /** What a selected entry of a log that is read again leads to; a forget or reset is no more than an offset there. */
    Outcome again(LogEntry entry, Selection selection) {
        return switch (selection.part(entry)) {
            case LEFT_OUT -> nothing();
            case UNDONE -> entry instanceof LogEntry.Feedback feedback ? undone(feedback) : nothing();
            case TAKEN ->
                switch (entry) {
                    case LogEntry.Feedback feedback -> on(feedback);
                    case LogEntry.Tick tick -> on(tick);
                    case LogEntry.Configure configure -> on(configure);
                    case LogEntry.Forget forget ->
                        new Outcome(passed(forget.offset()), Optional.empty(), false, Optional.empty());
                    case LogEntry.Reset reset -> resumed(reset);
                };
        };
    }

    /** The event has no effect any more, but it can't have one later either. */
    private Outcome undone(LogEntry.Feedback feedback) {
        Draft draft = new Draft(this);
        draft.counters = counters.oneUndone();
        if (!window.contains(feedback.eventId())) {
            draft.window = window.with(feedback.eventId());
        }
        return new Outcome(draft.build(), Optional.empty(), false, Optional.empty());
    }

    /** After an entry that changes nothing else. */
    TrainerCore passed(long entryOffset) {
        Draft draft = new Draft(this);
        draft.offset = entryOffset;
        return draft.build();
    }

    /** What was due by the time of the old state is due by the time of the reset. */
    private Outcome resumed(LogEntry.Reset reset) {
        Draft draft = new Draft(this);
        draft.offset = reset.offset();
        if (deadlineMillis.isPresent()) {
            draft.deadlineMillis = OptionalLong.of(reset.logMillis() + settings.maxWaitMillis());
        }
        if (offerDeadlineMillis.isPresent()) {
            draft.offerDeadlineMillis = OptionalLong.of(reset.logMillis() + settings.publishIdleMillis());
        }
        return new Outcome(draft.build(), Optional.empty(), false, Optional.empty());
    }

    /** What waits is trained as it was configured; the new values are saved at once. */
    private Outcome onConfigure(LogEntry.Configure configure) {
        Outcome closed = close(configure);
        Draft draft = new Draft(closed.next());
        draft.configured = configured.with(configure.values());
        draft.settings = configure.values().over(settings);
        return new Outcome(draft.build(), closed.closed(), true, closed.offer());
    }

    /** Log time at which a tick would do something. */
    public OptionalLong tickDueMillis() {
        return deadlineMillis.isPresent() ? deadlineMillis : offerDeadlineMillis;
    }

    private Outcome onFeedback(LogEntry.Feedback feedback) {
        OptionalLong deadline = deadlineMillis.isPresent()
                ? deadlineMillis
                : OptionalLong.of(feedback.logMillis() + settings.maxWaitMillis());
        TrainerCore next = taken(feedback, deadline);
        boolean full = next.waiting.size() >= settings.examples()
                || next.waiting.stream().mapToInt(Lesson::tokens).sum() >= settings.tokens();
        return full || feedback.logMillis() >= deadline.getAsLong()
                ? next.close(feedback)
                : new Outcome(next, Optional.empty(), false, Optional.empty());
    }

    private TrainerCore taken(LogEntry.Feedback feedback, OptionalLong deadline) {
        Draft draft = new Draft(this);
        draft.offset = feedback.offset();
        draft.deadlineMillis = deadline;
        if (window.contains(feedback.eventId())) {
            draft.counters = counters.oneDuplicate();
            return draft.build();
        }
        draft.window = window.with(feedback.eventId());
        Optional<Lesson> lesson = feedback.lesson().learnedBy(settings.loss().loss());
        if (lesson.isEmpty()) {
            draft.counters = counters.oneSkipped(feedback.label());
        } else if (!contributions.admit(feedback.principal(), settings.principalEvents(), settings.eventWindow())) {
            draft.counters = counters.oneCapped();
        } else if (Digests.leadingByte(feedback.eventId()) < settings.heldOutShare()) {
            draft.heldOut = latest(heldOut, lesson.get(), settings.heldOutExamples());
            draft.counters = counters.oneHeldOut(feedback.label());
            draft.contributions = contributions.with(feedback.principal());
        } else {
            draft.waiting = latest(waiting, lesson.get(), Integer.MAX_VALUE);
            draft.eventTimes = latest(eventTimes, feedback.eventTimeMillis(), settings.eventTimes());
            draft.counters = counters.oneTrained(feedback.label());
            draft.contributions = contributions.with(feedback.principal());
        }
        return draft.build();
    }

    private Outcome onTick(LogEntry.Tick tick) {
        if (deadlineMillis.isPresent()) {
            return tick.logMillis() >= deadlineMillis.getAsLong() ? close(tick) : nothing();
        }
        if (!offerDueAt(tick.logMillis())) {
            return nothing();
        }
        Draft draft = new Draft(this);
        draft.offset = tick.offset();
        return offer(draft, Optional.empty());
    }

    private boolean offerDueAt(long logMillis) {
        return offerDeadlineMillis.isPresent() && logMillis >= offerDeadlineMillis.getAsLong();
    }

    private Outcome offer(Draft draft, Optional<ClosedStep> closed) {
        return new Outcome(draft.offered(), closed, true, Optional.of(new Offer(eventTimes)));
    }

    private Outcome close(LogEntry entry) {
        Draft draft = new Draft(this);
        draft.offset = entry.offset();
        draft.deadlineMillis = OptionalLong.empty();
        if (waiting.isEmpty()) {
            return offerDueAt(entry.logMillis())
                    ? offer(draft, Optional.empty())
                    : new Outcome(draft.build(), Optional.empty(), true, Optional.empty());
        }
        RandomDraw random = new RandomDraw(randomState);
        List<Lesson> examples = new ArrayList<>(waiting);
        examples.addAll(replayed(random));
        draft.reservoir = sampled(random);
        draft.randomState = random.state();
        draft.waiting = List.of();
        draft.steps = steps + 1;
        draft.stepsSinceOffer = stepsSinceOffer + 1;
        draft.offerDeadlineMillis = OptionalLong.of(entry.logMillis() + settings.publishIdleMillis());
        ClosedStep closed = new ClosedStep(
                draft.steps, List.copyOf(examples), settings.loss().loss(), entry.offset());
        if (draft.stepsSinceOffer >= settings.publishEverySteps()) {
            return offer(draft, Optional.of(closed));
        }
        boolean checkpoint = draft.steps % settings.checkpointEverySteps() == 0;
        return new Outcome(draft.build(), Optional.of(closed), checkpoint, Optional.empty());
    }

    /** Distinct earlier examples. */
    private List<Lesson> replayed(RandomDraw random) {
        List<Lesson> left = new ArrayList<>(reservoir);
        List<Lesson> drawn = new ArrayList<>();
        while (drawn.size() < settings.replayExamples() && !left.isEmpty()) {
            drawn.add(left.remove((int) random.below(left.size())));
        }
        return drawn;
    }

    /** Reservoir sampling (Vitter's algorithm R): each example trained so far is in it with equal probability. */
    private List<Lesson> sampled(RandomDraw random) {
        List<Lesson> sample = new ArrayList<>(reservoir);
        long before = counters.trained() - waiting.size();
        for (int i = 0; i < waiting.size(); i++) {
            if (sample.size() < settings.reservoirExamples()) {
                sample.add(waiting.get(i));
            } else {
                long place = random.below(before + i + 1);
                if (place < sample.size()) {
                    sample.set((int) place, waiting.get(i));
                }
            }
        }
        return sample;
    }

    private Outcome nothing() {
        return new Outcome(this, Optional.empty(), false, Optional.empty());
    }

    private static <T> List<T> latest(List<T> list, T element, int bound) {
        List<T> grown = new ArrayList<>(list);
        grown.add(element);
        return grown.size() <= bound ? grown : grown.subList(grown.size() - bound, grown.size());
    }

    /** The next value while it is put together. */
    private static final class Draft {
        private StepSettings settings;
        private Configured configured;
        private long offset;
        private OptionalLong deadlineMillis;
        private List<Lesson> waiting;
        private EventWindow window;
        private List<Lesson> reservoir;
        private List<Lesson> heldOut;
        private long randomState;
        private TrainerCounters counters;
        private long steps;
        private int stepsSinceOffer;
        private OptionalLong offerDeadlineMillis;
        private List<Long> eventTimes;
        private Contributions contributions;

        private Draft(TrainerCore core) {
            settings = core.settings;
            configured = core.configured;
            offset = core.offset;
            deadlineMillis = core.deadlineMillis;
            waiting = core.waiting;
            window = core.window;
            reservoir = core.reservoir;
            heldOut = core.heldOut;
            randomState = core.randomState;
            counters = core.counters;
            steps = core.steps;
            stepsSinceOffer = core.stepsSinceOffer;
            offerDeadlineMillis = core.offerDeadlineMillis;
            eventTimes = core.eventTimes;
            contributions = core.contributions;
        }

        private TrainerCore offered() {
            stepsSinceOffer = 0;
            offerDeadlineMillis = OptionalLong.empty();
            eventTimes = List.of();
            contributions = Contributions.NONE;
            return build();
        }

        private TrainerCore build() {
            return new TrainerCore(
                    settings,
                    configured,
                    offset,
                    deadlineMillis,
                    waiting,
                    window,
                    reservoir,
                    heldOut,
                    randomState,
                    counters,
                    steps,
                    stepsSinceOffer,
                    offerDeadlineMillis,
                    eventTimes,
                    contributions);
        }
    }
}
