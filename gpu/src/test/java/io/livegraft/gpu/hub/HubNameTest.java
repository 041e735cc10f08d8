package io.livegraft.gpu.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HubNameTest {
    @Test
    void readsNameAndRevision() {
        assertEquals(Optional.of(new HubName("Qwen", "Qwen2.5-0.5B", "main")), HubName.parse("Qwen/Qwen2.5-0.5B"));
        assertEquals(Optional.of(new HubName("a", "b", "refs/pr/1")), HubName.parse("a/b@refs/pr/1"));
    }

    @Test
    void leavesPathsAlone() {
        for (String path : List.of("base", "./a/b", "/a/b", "a/b/c", "../b", "a/", "a/.b", "~/b")) {
            assertEquals(Optional.empty(), HubName.parse(path), path);
        }
    }

    @Test
    void refusesNamesThatWouldLeaveTheCache() {
        for (String name : List.of("a/b..c", "a--x/b", "a/b@../../x", "a/b@x/../y", "a/b@", "a/b@/x", "a/b@x?y")) {
            assertThrows(LivegraftException.class, () -> HubName.parse(name), name);
        }
    }
}
