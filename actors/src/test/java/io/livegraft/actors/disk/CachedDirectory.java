package io.livegraft.actors.disk;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** Names, and which of their changes are on the platter. */
final class CachedDirectory implements CachedNode {
    private record Change(String name, Optional<CachedNode> node) {
        void apply(Map<String, CachedNode> names) {
            node.ifPresentOrElse(found -> names.put(name, found), () -> names.remove(name));
        }
    }

    private final SortedMap<String, CachedNode> names = new TreeMap<>();
    private final SortedMap<String, CachedNode> durable = new TreeMap<>();
    private final List<Change> pending = new ArrayList<>();

    SortedMap<String, CachedNode> names() {
        return names;
    }

    Optional<CachedNode> find(String name) {
        return Optional.ofNullable(names.get(name));
    }

    void put(String name, CachedNode node) {
        change(new Change(name, Optional.of(node)));
    }

    void remove(String name) {
        change(new Change(name, Optional.empty()));
    }

    private void change(Change change) {
        change.apply(names);
        pending.add(change);
    }

    void force() {
        pending.forEach(change -> change.apply(durable));
        pending.clear();
    }

    /** Each change that was not forced happened or not. */
    @Override
    public CachedDirectory afterPowerLoss(BooleanSupplier keep) {
        SortedMap<String, CachedNode> found = new TreeMap<>(durable);
        for (Change change : pending) {
            if (keep.getAsBoolean()) {
                change.apply(found);
            }
        }
        CachedDirectory after = new CachedDirectory();
        found.forEach((name, node) -> after.put(name, node.afterPowerLoss(keep)));
        after.force();
        return after;
    }
}
