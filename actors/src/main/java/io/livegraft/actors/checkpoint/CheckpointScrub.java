package io.livegraft.actors.checkpoint;

import com.google.protobuf.InvalidProtocolBufferException;
import io.livegraft.actors.object.ObjectStore;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Verifies one tenant's checkpoints. */
final class CheckpointScrub {
    private final ObjectStore objects;
    private final List<CheckpointName> names;
    private final Map<String, CheckpointName> byDigest = new TreeMap<>();

    CheckpointScrub(ObjectStore objects, List<CheckpointName> names) {
        this.objects = objects;
        this.names = names;
        names.forEach(name -> byDigest.put(name.digest(), name));
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        for (CheckpointName name : names) {
            try {
                objects.read(name.key()).ifPresent(bytes -> findings.add(finding(name, bytes)));
            } catch (IOException e) {
                findings.add(new Finding.Damaged(name.key(), "it can't be read: " + e.getMessage()));
            }
        }
        return findings;
    }

    private Finding finding(CheckpointName name, byte[] bytes) {
        String found = Digests.sha256(bytes);
        if (!found.equals(name.digest())) {
            return new Finding.Damaged(name.key(), "its bytes have digest " + found);
        }
        try {
            return finding(name, CheckpointName.parse(bytes));
        } catch (InvalidProtocolBufferException e) {
            return new Finding.Damaged(name.key(), "it is of another format: " + e.getMessage());
        }
    }

    private Finding finding(CheckpointName name, Checkpoint checkpoint) {
        if (!name.names(checkpoint)) {
            return new Finding.Damaged(
                    name.key(),
                    "it is the one of tenant '%s' at offset %d"
                            .formatted(checkpoint.getTenant(), checkpoint.getOffset()));
        }
        String parent = checkpoint.getParentDigest();
        Optional<CheckpointName> before = Optional.ofNullable(byDigest.get(parent));
        if (before.isPresent() && before.get().offset() > name.offset()) {
            return new Finding.Damaged(
                    name.key(),
                    "it grew from a later one, %s".formatted(before.get().key()));
        }
        return parent.isEmpty() || before.isPresent()
                ? new Finding.Whole(name.key())
                : new Finding.Unlinked(name.key(), parent);
    }
}
