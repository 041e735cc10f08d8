package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.training.LossKind;
import io.livegraft.proto.checkpoint.Checkpoint;
import io.livegraft.proto.checkpoint.TokenExample;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Law 1 for every loss: what losses remember is in the checkpoint, to the last bit, and replays without events forget it. */
class LossLawTest {
    private static final int SEEDS = 40;
    private static final int ENTRIES = 70;
    private static final List<TestingTenant> TENANTS =
            List.of(tenant(LossKind.SFT), tenant(LossKind.DPO), tenant(LossKind.KTO), tenant(LossKind.BCO));

    private static TestingTenant tenant(LossKind kind) {
        return new TestingTenant(TestingSteps.settings(new LossSettings(kind, 2, 1, 1, 0.1)));
    }

    @AfterAll
    static void close() {
        TENANTS.forEach(TestingTenant::close);
    }

    @Test
    void aRestartAfterEveryCheckpointNeverShowsInABit() {
        assertEquals(0, different(UnaryOperator.identity()));
    }

    @Test
    void aCheckpointWithoutTheMeanRewardIsFound() {
        assertTrue(different(checkpoint -> checkpoint.toBuilder().clearRewards().build()) > 0);
    }

    @Test
    void aCheckpointWithoutTheDivergenceIsFound() {
        assertTrue(
                different(checkpoint -> checkpoint.toBuilder().clearDivergence().build()) > 0);
    }

    @Test
    void aCheckpointWithoutWorseAnswersIsFound() {
        assertTrue(different(LossLawTest::withoutWorseAnswers) > 0);
    }

    private static Checkpoint withoutWorseAnswers(Checkpoint checkpoint) {
        List<TokenExample> better = checkpoint.getReplayList().stream()
                .filter(lesson -> lesson.getTokensCount() > 0)
                .map(lesson -> lesson.toBuilder().clearWorseTokens().build())
                .toList();
        return checkpoint.toBuilder().clearReplay().addAllReplay(better).build();
    }

    @Test
    void aLogWithoutASubjectGivesTheStatisticsThatNeverSawIt() {
        Set<String> without = Set.of("subject-1", "subject-3");
        int changed = 0;
        for (TestingTenant tenant : TENANTS) {
            for (long seed = 0; seed < SEEDS; seed++) {
                List<LogEntry> log = ForgetLawTest.log(new Random(seed), ENTRIES);
                List<LogEntry> never = log.stream()
                        .filter(entry ->
                                !(entry instanceof LogEntry.Feedback feedback && without.contains(feedback.subject())))
                        .toList();
                TrainerState whole = tenant.trained(tenant.initial(), log);
                TrainerState expected = tenant.trained(tenant.initial(), never);
                TrainerState replayed = tenant.replayed(log, Long.MAX_VALUE, without);
                assertEquals(TestingTenant.print(expected), TestingTenant.print(replayed), "seed " + seed);
                changed +=
                        whole.training().statistics().equals(replayed.training().statistics()) ? 0 : 1;
            }
        }
        assertTrue(changed > SEEDS, "only %d statistics knew the subjects".formatted(changed));
    }

    /** Logs whose end shows that the process ended after each checkpoint and left of it what is {@code kept}. */
    private static int different(UnaryOperator<Checkpoint> kept) {
        int different = 0;
        for (TestingTenant tenant : TENANTS) {
            for (long seed = 0; seed < SEEDS; seed++) {
                List<LogEntry> log = ForgetLawTest.log(new Random(seed), ENTRIES);
                String undisturbed = TestingTenant.print(tenant.trained(tenant.initial(), log));
                if (!undisturbed.equals(TestingTenant.print(tenant.restarted(log, kept)))) {
                    different++;
                }
            }
        }
        return different;
    }
}
