package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Offloadable;
import java.util.EnumSet;
import java.util.Set;

/** Which tensors live in the host's memory: as the settings say, and where they leave it open as the memory plan chose. */
final class CudaOffload {
    private final OffloadSettings settings;
    private final Set<Offloadable> chosen = EnumSet.noneOf(Offloadable.class);

    CudaOffload(OffloadSettings settings) {
        this.settings = settings;
    }

    OffloadSettings settings() {
        return settings;
    }

    /** What the plan chose; before there is one, nothing. */
    void follow(Set<Offloadable> plan) {
        chosen.clear();
        chosen.addAll(plan);
    }

    boolean offloads(Offloadable what) {
        return switch (choice(what)) {
            case AUTO -> chosen.contains(what);
            case ON -> true;
            case OFF -> false;
        };
    }

    private OffloadSettings.Choice choice(Offloadable what) {
        return switch (what) {
            case MOMENTS -> settings.optimizer();
            case CHECKPOINTS -> settings.checkpoints();
        };
    }
}
