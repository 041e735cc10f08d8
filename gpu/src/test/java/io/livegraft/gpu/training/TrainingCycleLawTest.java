package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;

/** Law 3 in training: a tenant's numbers never depend on its neighbours. */
class TrainingCycleLawTest {
    private static final OptimizerSettings ADAM = new OptimizerSettings(1e-2, 0.9, 0.999, 1e-8, 0.01, 1, 2);
    private static final int TENANTS = 8;
    private static final int STEPS = 3;

    private final Backend backend = new VectorBackend(2);
    private final Transformer transformer = TinyModel.transformer(backend);

    @Test
    void eightTenantsTogetherGetTheBitsOfEachAlone() {
        List<StepResult> alone = new ArrayList<>();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            alone.addAll(run(List.of(initial(tenant)), List.of(tenant), 1_000));
        }
        for (int sliceTokens : new int[] {1_000, 25}) {
            List<StepResult> together = run(states(), tenants(), sliceTokens);
            for (int tenant = 0; tenant < TENANTS; tenant++) {
                assertSameBits(alone.get(tenant), together.get(tenant));
            }
        }
    }

    @Test
    void theOrderInWhichTenantsStandDoesNotShow() {
        List<StepResult> forward = run(states(), tenants(), 40);
        List<StepResult> backward = run(states().reversed(), tenants().reversed(), 40);
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            assertSameBits(forward.get(tenant), backward.get(TENANTS - 1 - tenant));
        }
    }

    /** The mutant: a cycle that gives each tenant's examples to its neighbour's adapter. */
    @Test
    void aCycleThatMixesTenantsIsSeen() {
        List<StepResult> right = run(states(), tenants(), 1_000);
        List<Integer> mixed = new ArrayList<>(tenants());
        Collections.rotate(mixed, 1);
        List<StepResult> wrong = run(states(), mixed, 1_000);
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            StepResult expected = right.get(tenant);
            StepResult actual = wrong.get(tenant);
            assertThrows(AssertionFailedError.class, () -> assertSameBits(expected, actual));
        }
    }

    /** Some steps of all, each with the examples and the loss of the tenant at its place. */
    private List<StepResult> run(List<TrainingState> states, List<Integer> tenants, int sliceTokens) {
        List<TrainingState> reached = states;
        List<StepResult> results = List.of();
        for (int step = 0; step < STEPS; step++) {
            List<StepPlan> plans = new ArrayList<>();
            for (int i = 0; i < tenants.size(); i++) {
                plans.add(plan(reached.get(i), tenants.get(i)));
            }
            results = new TrainingCycle(backend, transformer, plans, sliceTokens).finish();
            reached = results.stream().map(StepResult::state).toList();
        }
        return results;
    }

    /** Every loss is there; the last tenants' references are frozen versions. */
    private static StepPlan plan(TrainingState state, int tenant) {
        Loss loss = TestingLosses.ALL.get(tenant % TestingLosses.ALL.size());
        List<TrainingInput> inputs = new ArrayList<>(TestingLosses.inputs(loss));
        Collections.rotate(inputs, tenant);
        Optional<LoraAdapter> reference = tenant > 4 ? Optional.of(TinyModel.adapter(8 + tenant)) : Optional.empty();
        return new StepPlan(state, inputs, loss, reference, ADAM, 40 + tenant);
    }

    private static List<Integer> tenants() {
        return List.of(0, 1, 2, 3, 4, 5, 6, 7);
    }

    private static List<TrainingState> states() {
        return tenants().stream().map(TrainingCycleLawTest::initial).toList();
    }

    /** Every other tenant trains with dropout. */
    private static TrainingState initial(int tenant) {
        LoraAdapter adapter = TinyModel.adapter(tenant);
        return TrainingState.initial(tenant % 2 == 0 ? adapter : TinyModel.withDropout(adapter, 0.2));
    }

    private static void assertSameBits(StepResult expected, StepResult actual) {
        assertEquals(expected.loss(), actual.loss());
        assertEquals(expected.gradientNorm(), actual.gradientNorm());
        assertEquals(expected.rewards(), actual.rewards());
        assertEquals(expected.state().statistics(), actual.state().statistics());
        assertArrayEquals(
                expected.state().adapter().values(), actual.state().adapter().values(), 0f);
        Moments.Float32 before = (Moments.Float32) expected.state().moments();
        Moments.Float32 after = (Moments.Float32) actual.state().moments();
        assertArrayEquals(before.first(), after.first(), 0f);
        assertArrayEquals(before.second(), after.second(), 0f);
    }
}
