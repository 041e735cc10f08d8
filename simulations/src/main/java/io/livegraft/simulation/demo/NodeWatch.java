package io.livegraft.simulation.demo;

import java.util.Map;

/** Looks at the admin interface now and then, and passes on what is new. */
final class NodeWatch {
    private final NodeClient node;
    private final Freshness freshness;
    private final Prober prober;
    private final StoryFile story;
    private volatile Seen seen = new Seen(Map.of(), Map.of());

    /** What was there at the last look. */
    record Seen(Map<String, TenantState> adapters, Map<String, TrainingState> training) {
        /** Whether the tenant's trainer has read its log so far. */
        boolean read(String tenant, long offset) {
            TrainingState trainer = training.get(tenant);
            return trainer != null && trainer.offset() >= offset;
        }

        /** Whether a version holds the log so far. */
        boolean published(String tenant, long offset) {
            TenantState state = adapters.get(tenant);
            return state != null
                    && state.newest()
                            .filter(version -> version.offset() >= offset)
                            .isPresent();
        }
    }

    NodeWatch(NodeClient node, Freshness freshness, Prober prober, StoryFile story) {
        this.node = node;
        this.freshness = freshness;
        this.prober = prober;
        this.story = story;
    }

    Seen look() {
        Seen now = new Seen(node.adapters(), node.training());
        now.adapters().values().forEach(this::pass);
        prober.know(now.adapters().keySet());
        seen = now;
        return now;
    }

    Seen latest() {
        return seen;
    }

    private void pass(TenantState state) {
        state.versions()
                .forEach(version ->
                        freshness.contains(state.tenant(), version.number(), version.partition(), version.offset()));
        state.newest().ifPresent(newest -> story.published(state.tenant(), newest.number()));
    }
}
