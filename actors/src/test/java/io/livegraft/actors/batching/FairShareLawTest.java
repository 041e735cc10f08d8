package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Shares of the device: while tenants have requests waiting all the time, what they get over their weights stays close. */
class FairShareLawTest {
    private static final int PROMPT_TOKENS = 24;
    private static final int ANSWER_TOKENS = 20;
    private static final int PLACES = 4;
    /** Sheng et al., Theorem 4.4: 2 max(w_p L_input, w_q M), M the most tokens of a batch; w_p is 1, w_q 2. */
    private static final double BOUND = 2.0 * Math.max(PROMPT_TOKENS, 2 * PLACES * (PROMPT_TOKENS + ANSWER_TOKENS));

    private static final List<String> TENANTS = List.of("noisy", "paying", "quiet");
    private static final BatchingSettings SETTINGS = new BatchingSettings(
            PLACES,
            1000,
            32,
            4,
            new TenantSettings(
                    new TenantClasses(
                            new TenantClass("standard", 1, 32, 500, 0, Set.of()),
                            List.of(new TenantClass("paying", 3, 32, 500, 0, Set.of("paying")))),
                    100));

    @Test
    void tenantsThatAlwaysWaitGetWhatTheirWeightsSay() {
        Serving serving = serve(Policy::new);
        assertEquals(3.0, serving.served("paying") / serving.served("quiet"), 0.1);
        assertEquals(1.0, serving.served("noisy") / serving.served("quiet"), 0.1);
    }

    @Test
    void theMutantThatServesWhoeverCameFirstIsSeen() {
        assertThrows(AssertionError.class, () -> serve(Mutants.KnowsNoTenants::new));
    }

    @Test
    void whoComesForOneAnswerIsNotKeptBehindAHundredOfOthers() {
        Serving serving = new Serving(new Policy(SETTINGS), SETTINGS.pageTokens());
        IntStream.range(0, 100).forEach(i -> serving.ask("noisy", 8, 4));
        serving.turn();
        serving.ask("late", 8, 4);
        assertTrue(nextAdmitted(serving, 2).contains("late"));
    }

    @Test
    void aTenantThatWasAwayHasSavedNothingUp() {
        Serving serving = new Serving(new Policy(SETTINGS), SETTINGS.pageTokens());
        IntStream.range(0, 200).forEach(i -> serving.ask("busy", 8, 4));
        nextAdmitted(serving, 50);
        IntStream.range(0, 200).forEach(i -> serving.ask("back", 8, 4));
        List<String> admitted = nextAdmitted(serving, 40);
        assertEquals(Collections.frequency(admitted, "back"), Collections.frequency(admitted, "busy"), 2);
    }

    private static List<String> nextAdmitted(Serving serving, int answers) {
        List<String> admitted = new ArrayList<>();
        while (admitted.size() < answers) {
            admitted.addAll(serving.turn());
        }
        return admitted;
    }

    /** Requests of different sizes; the noisy tenant has ten times as many waiting. Service is compared at each turn. */
    private static Serving serve(Function<BatchingSettings, Policy> make) {
        Serving serving = new Serving(make.apply(SETTINGS), SETTINGS.pageTokens());
        Random random = new Random(5);
        for (int turn = 0; turn < 4000; turn++) {
            for (String tenant : TENANTS) {
                int mostPromptTokens = tenant.equals("quiet") ? PROMPT_TOKENS : 6;
                while (serving.there(tenant) < (tenant.equals("noisy") ? 100 : 10)) {
                    serving.ask(tenant, 1 + random.nextInt(mostPromptTokens), 1 + random.nextInt(ANSWER_TOKENS));
                }
            }
            serving.turn();
            double[] overWeight = TENANTS.stream()
                    .mapToDouble(each -> serving.served(each)
                            / SETTINGS.tenants().classes().of(each).weight())
                    .sorted()
                    .toArray();
            assertTrue(overWeight[2] - overWeight[0] <= BOUND, "after turn " + turn);
        }
        return serving;
    }
}
