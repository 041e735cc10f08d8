package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * How a step saves the device's memory. None of it changes a bit of any result.
 *
 * @param offloaded what lives in the host's memory
 */
public record TrainingPolicy(GradientCheckpointing checkpointing, Set<Offloadable> offloaded) {
    public TrainingPolicy {
        offloaded = Set.copyOf(offloaded);
    }

    /**
     * What the settings leave open, the fastest first: moments cross the bus once a step, which costs less than computing anything again;
     * blocks' inputs cross it with every slice, with nothing beside them.
     *
     * @param asked what a slice keeps, where that is said
     */
    static List<TrainingPolicy> permitted(OffloadSettings settings, Optional<GradientCheckpointing> asked) {
        List<TrainingPolicy> policies = new ArrayList<>();
        for (GradientCheckpointing checkpointing : GradientCheckpointing.values()) {
            for (boolean checkpoints : new boolean[] {false, true}) {
                for (boolean moments : new boolean[] {false, true}) {
                    if (asked.map(checkpointing::equals).orElse(true)
                            && permits(settings.optimizer(), moments)
                            && permits(checkpointing, settings.checkpoints(), checkpoints)) {
                        policies.add(new TrainingPolicy(checkpointing, offloaded(moments, checkpoints)));
                    }
                }
            }
        }
        return policies;
    }

    private static boolean permits(OffloadSettings.Choice choice, boolean offloaded) {
        return switch (choice) {
            case AUTO -> true;
            case ON -> offloaded;
            case OFF -> !offloaded;
        };
    }

    /** Only inputs that are kept alone are ever offloaded. */
    private static boolean permits(
            GradientCheckpointing checkpointing, OffloadSettings.Choice choice, boolean offloaded) {
        return checkpointing == GradientCheckpointing.FULL ? permits(choice, offloaded) : !offloaded;
    }

    private static Set<Offloadable> offloaded(boolean moments, boolean checkpoints) {
        if (moments) {
            return checkpoints ? Set.of(Offloadable.MOMENTS, Offloadable.CHECKPOINTS) : Set.of(Offloadable.MOMENTS);
        }
        return checkpoints ? Set.of(Offloadable.CHECKPOINTS) : Set.of();
    }

    boolean offloads(Offloadable what) {
        return offloaded.contains(what);
    }

    /** As {@code full, checkpoints and moments in the host's memory}. */
    @Override
    public String toString() {
        String checkpointing = this.checkpointing.name().toLowerCase(Locale.ROOT);
        return offloaded.isEmpty()
                ? checkpointing
                : checkpointing + ", "
                        + String.join(
                                " and ",
                                offloaded.stream()
                                        .map(what -> what.name().toLowerCase(Locale.ROOT))
                                        .sorted()
                                        .toList())
                        + " in the host's memory";
    }
}
