package io.livegraft.actors.batching;

import io.livegraft.actors.batching.SimulatedDevice.Generated;
import io.livegraft.gpu.error.ErrorCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Policies with one thing wrong: the laws' tests must see each. */
final class Mutants {
    private Mutants() {}

    /** Changes the batches of the core. */
    private abstract static class OfBatches extends Policy {
        private OfBatches(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Effect<Generated> next(int freePages) {
            return switch (super.next(freePages)) {
                case Effect.Advance<Generated>(List<Effect.Chunk<Generated>> batch) ->
                    new Effect.Advance<>(changed(batch));
                case Effect<Generated> other -> other;
            };
        }

        abstract List<Effect.Chunk<Generated>> changed(List<Effect.Chunk<Generated>> batch);
    }

    static final class FeedsTooMuch extends OfBatches {
        FeedsTooMuch(BatchingSettings settings) {
            super(settings);
        }

        @Override
        List<Effect.Chunk<Generated>> changed(List<Effect.Chunk<Generated>> batch) {
            return batch.stream()
                    .map(chunk -> new Effect.Chunk<>(chunk.key(), chunk.tokens() + 1))
                    .toList();
        }
    }

    static final class LeavesOutTheOldest extends OfBatches {
        LeavesOutTheOldest(BatchingSettings settings) {
            super(settings);
        }

        @Override
        List<Effect.Chunk<Generated>> changed(List<Effect.Chunk<Generated>> batch) {
            return batch.size() > 1 ? batch.subList(1, batch.size()) : batch;
        }
    }

    /** What was suspended once is never fed again. */
    static final class NeverResumes extends Policy {
        private final Set<Generated> suspended = new HashSet<>();

        NeverResumes(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Effect<Generated> next(int freePages) {
            return switch (super.next(freePages)) {
                case Effect.Suspend<Generated> suspend -> {
                    suspended.add(suspend.key());
                    yield suspend;
                }
                case Effect.Advance<Generated>(List<Effect.Chunk<Generated>> batch) -> {
                    List<Effect.Chunk<Generated>> fed = new ArrayList<>(batch);
                    fed.removeIf(chunk -> suspended.contains(chunk.key()));
                    yield new Effect.Advance<>(fed);
                }
                case Effect<Generated> other -> other;
            };
        }
    }

    static final class KeepsTheEnded extends Policy {
        KeepsTheEnded(BatchingSettings settings) {
            super(settings);
        }

        @Override
        void ended(Generated key, long nowNanos) {}
    }

    static final class IgnoresPages extends Policy {
        IgnoresPages(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Effect<Generated> next(int freePages) {
            return super.next(Integer.MAX_VALUE);
        }
    }

    static final class Crowded extends Policy {
        Crowded(BatchingSettings settings) {
            super(new BatchingSettings(
                    settings.places() + 1,
                    settings.waiting(),
                    settings.turnTokens(),
                    settings.pageTokens(),
                    settings.tenants()));
        }
    }

    static final class LetsEverybodyWait extends Policy {
        LetsEverybodyWait(BatchingSettings settings) {
            super(new BatchingSettings(
                    settings.places(),
                    2 * settings.waiting(),
                    settings.turnTokens(),
                    settings.pageTokens(),
                    settings.tenants()));
        }
    }

    static final class NeverLate extends Policy {
        NeverLate(BatchingSettings settings) {
            super(settings);
        }

        @Override
        List<Generated> late(long nowNanos) {
            return List.of();
        }
    }

    /** Tells the core of no deadline before it has passed. */
    static final class HopesForTheBest extends Policy {
        private final List<Answer<Generated>> hurried = new ArrayList<>();

        HopesForTheBest(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Optional<Refusal> arrived(List<Answer<Generated>> choices, long nowNanos) {
            hurried.addAll(choices);
            return super.arrived(
                    choices.stream()
                            .map(each ->
                                    new Answer<>(each.key(), each.tenant(), each.promptTokens(), OptionalLong.empty()))
                            .toList(),
                    nowNanos);
        }

        @Override
        List<Generated> late(long nowNanos) {
            List<Generated> late = hurried.stream()
                    .filter(each -> each.late(nowNanos))
                    .map(Answer::key)
                    .toList();
            hurried.removeIf(each -> each.late(nowNanos));
            return late;
        }

        @Override
        void ended(Generated key, long nowNanos) {
            hurried.removeIf(each -> each.key().equals(key));
            super.ended(key, nowNanos);
        }
    }

    /** Whoever is in a hurry does not wait for a place at all. */
    static final class GivesUpTooSoon extends Policy {
        GivesUpTooSoon(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Optional<Refusal> arrived(List<Answer<Generated>> choices, long nowNanos) {
            boolean hurried = choices.getFirst().deadlineNanos().isPresent();
            return hurried && waiting() > 0
                    ? Optional.of(new Refusal(ErrorCode.DEADLINE_EXCEEDED, "", Optional.empty()))
                    : super.arrived(choices, nowNanos);
        }
    }

    /** All choices of a request at once. */
    static final class KnowsNoChoices extends Policy {
        KnowsNoChoices(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Optional<Refusal> arrived(List<Answer<Generated>> choices, long nowNanos) {
            return choices.stream()
                    .map(each -> super.arrived(List.of(each), nowNanos))
                    .flatMap(Optional::stream)
                    .findFirst();
        }
    }

    /** First come, first served, whoever it is. */
    static final class KnowsNoTenants extends Policy {
        KnowsNoTenants(BatchingSettings settings) {
            super(settings);
        }

        @Override
        Optional<Refusal> arrived(List<Answer<Generated>> choices, long nowNanos) {
            return super.arrived(
                    choices.stream()
                            .map(each -> new Answer<>(each.key(), "all", each.promptTokens(), each.deadlineNanos()))
                            .toList(),
                    nowNanos);
        }
    }
}
