package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import io.livegraft.gpu.cuda.PlannedStep.Part;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    private static final long GB = 1_000_000_000;
    private static final long HOST = 16L << 30;
    private static final OffloadSettings AUTO = new OffloadSettings(Choice.AUTO, Choice.AUTO, HOST);

    @Test
    void theFastestPolicyThatFitsIsChosenAndLessMemoryNeverChoosesAFasterOne() {
        List<PlannedStep> steps = plan("8b", 80 * GB, AUTO).steps();
        int before = 0;
        for (long bytes = 80 * GB; bytes > 8 * GB; bytes -= GB) {
            MemoryPlan plan = plan("8b", bytes, AUTO);
            Optional<PlannedStep> chosen = plan.fitting();
            if (chosen.isPresent()) {
                int now = steps.indexOf(chosen.get());
                assertTrue(now >= before, plan::table);
                assertTrue(chosen.get().deviceBytes() + plan.copyBytes(chosen.get()) <= bytes, plan::table);
                steps.subList(0, now)
                        .forEach(faster ->
                                assertTrue(faster.deviceBytes() > plan.limits().arenaBytes()));
                before = now;
            }
        }
        assertEquals(GradientCheckpointing.NONE, steps.getFirst().policy().checkpointing());
        assertTrue(before > 0, "less memory must change the choice");
    }

    @Test
    void aLargeCardKeepsEverythingAndCopiesOfAllWeights() {
        MemoryPlan plan = plan("8b", 80 * GB, AUTO);
        assertEquals(
                new TrainingPolicy(GradientCheckpointing.NONE, Set.of()),
                plan.chosen().policy());
        assertEquals(plan.copyable(), plan.copyBytes(plan.chosen()));
        assertTrue(plan.copyable() > 15 * GB, plan::table);
    }

    @Test
    void aBaseOf65BillionFitsInto48GigabytesWithCheckpointing() {
        MemoryPlan plan = plan("65b", 48 * GB, AUTO);
        assertEquals(GradientCheckpointing.FULL, plan.chosen().policy().checkpointing(), plan::table);
        assertTrue(plan.chosen().deviceBytes() <= 48 * GB, plan::table);
    }

    @Test
    void everyPolicySavesWhatItIsFor() {
        for (PlannedStep step : plan("8b", 80 * GB, AUTO).steps()) {
            assertEquals(step.policy().offloads(Offloadable.MOMENTS), step.bytes(Part.MOMENTS) == 0);
            assertEquals(step.policy().offloaded().isEmpty(), step.hostBytes() == 0);
            step.device().values().forEach(bytes -> assertTrue(bytes >= 0));
        }
        assertEquals(
                List.of(GradientCheckpointing.NONE, GradientCheckpointing.PARTIAL, GradientCheckpointing.FULL),
                plan("8b", 80 * GB, new OffloadSettings(Choice.OFF, Choice.OFF, HOST)).steps().stream()
                        .sorted(Comparator.comparingLong(PlannedStep::deviceBytes)
                                .reversed())
                        .map(step -> step.policy().checkpointing())
                        .toList());
    }

    @Test
    void whatSettingsSayIsKept() {
        MemoryPlan forced = MemoryPlan.of(
                shape("8b"),
                limits(80 * GB),
                new OffloadSettings(Choice.ON, Choice.OFF, HOST),
                Optional.of(GradientCheckpointing.FULL));
        assertEquals(
                List.of(new TrainingPolicy(GradientCheckpointing.FULL, Set.of(Offloadable.MOMENTS))),
                forced.steps().stream().map(PlannedStep::policy).toList());
    }

    @Test
    void hostMemoryThatIsShortForbidsOffloading() {
        OffloadSettings little = new OffloadSettings(Choice.AUTO, Choice.AUTO, 0);
        for (long bytes = 80 * GB; bytes > 8 * GB; bytes -= 4 * GB) {
            MemoryPlan plan = MemoryPlan.of(
                    shape("8b"), new MemoryLimits(bytes, 8 << 20, 0, 16L << 30, 0), little, Optional.empty());
            plan.fitting()
                    .ifPresent(step -> assertTrue(step.policy().offloaded().isEmpty()));
        }
    }

    @Test
    void whatNeverFitsIsRefusedWithTheTableAndWhatWouldHaveToShrink() {
        MemoryPlan plan = plan("65b", 24 * GB, AUTO);
        assertFalse(plan.fitting().isPresent());
        String refusal = String.valueOf(
                assertThrows(LivegraftException.class, plan::chosen).getMessage());
        for (String word : List.of("slice-tokens", "rank", "22888.2", "offload-memory", "full, moments")) {
            assertTrue(refusal.contains(word), refusal);
        }
    }

    @Test
    void theTablesOfTheDocumentationAreWhatThePlanPrints() throws IOException {
        String page = Files.readString(Path.of("../deploy/docs/card.md"));
        for (String label : List.of("65b", "8b")) {
            for (long bytes : new long[] {48 * GB, 80 * GB}) {
                String table = plan(label, bytes, AUTO).table();
                assertTrue(page.contains(table), () -> "%s in %d GB:%n%s".formatted(label, bytes / GB, table));
            }
        }
    }

    private static MemoryPlan plan(String label, long arenaBytes, OffloadSettings offload) {
        return MemoryPlan.of(shape(label), limits(arenaBytes), offload, Optional.empty());
    }

    private static MemoryLimits limits(long arenaBytes) {
        return new MemoryLimits(arenaBytes, 8 << 20, 0, 16L << 30, HOST);
    }

    private static TrainingShape shape(String label) {
        return new TrainingShape(
                ModelShape.of(label).config(), BasePrecision.of(Precision.NF4), 16, MomentPrecision.FLOAT32, 2048, 1);
    }
}
