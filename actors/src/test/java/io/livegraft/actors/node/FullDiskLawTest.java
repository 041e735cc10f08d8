package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.actors.disk.FileDisk;
import io.livegraft.actors.disk.FullDisk;
import io.livegraft.actors.registry.AdapterImage;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose disk is full goes on serving, loses nothing, and goes on training by itself when there is space again. */
class FullDiskLawTest {
    private static final String PROMPT = "Once upon a time";

    @TempDir
    private Path state;

    @Test
    void aFullDiskIsWaitedOut() {
        FullDisk disk = new FullDisk(new FileDisk());
        try (TestingNode testing = new TestingNode(state, Map.of("livegraft.trainer.retry", "200 ms"), disk)) {
            teach(testing, 0, 24);
            AdapterImage before = testing.settled("boats");
            testing.serves("boats", before.serving());

            disk.full(true);
            teach(testing, 24, 48);
            TestingNode.until("the disk refuses", disk::refused, refused -> refused >= 8);
            testing.serves("boats", before.serving());
            testing.text(testing.admit(testing.node().baseName(), PROMPT, 4));
            assertEquals(
                    before.versions().size(),
                    testing.image("boats", image -> true).versions().size());

            disk.full(false);
            testing.trainer("boats", status -> status.trained() + status.heldOut() == 48);
            AdapterImage after = testing.settled("boats");
            testing.serves("boats", after.serving());
            assertEquals(0, testing.trainer("boats", status -> true).duplicates());
        }
    }

    private static void teach(TestingNode testing, int from, int to) {
        for (int i = from; i < to; i++) {
            testing.send("boats", "event-" + i, PROMPT + " " + i, " there was a small red boat.");
        }
    }
}
