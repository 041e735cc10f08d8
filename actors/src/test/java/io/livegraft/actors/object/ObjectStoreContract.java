package io.livegraft.actors.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.object.ObjectStore.Child;
import io.livegraft.actors.object.ObjectStore.Condition;
import io.livegraft.actors.object.ObjectStore.Written;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every object store does. */
abstract class ObjectStoreContract {
    /** Empty. */
    abstract ObjectStore store() throws IOException;

    @Test
    void whatWasPutIsFoundWithItsEtag() throws IOException {
        ObjectStore store = store();
        assertTrue(store.get("folder/key").isEmpty());
        String etag = stored(store.put("folder/key", new byte[] {1, 2}, new Condition.Any()));
        ObjectStore.StoredObject found = store.get("folder/key").orElseThrow();
        assertArrayEquals(new byte[] {1, 2}, found.bytes());
        assertEquals(etag, found.etag());
        assertNotEquals(etag, stored(store.put("folder/key", new byte[] {3}, new Condition.Any())));
    }

    @Test
    void anEmptyObjectIsAnObject() throws IOException {
        ObjectStore store = store();
        store.put("empty", new byte[0]);
        assertEquals(0, store.get("empty").orElseThrow().bytes().length);
    }

    @Test
    void onlyTheFirstIsPutWhereNothingWas() throws IOException {
        ObjectStore store = store();
        stored(store.put("key", new byte[] {1}, new Condition.Absent()));
        assertInstanceOf(Written.Refused.class, store.put("key", new byte[] {2}, new Condition.Absent()));
        assertArrayEquals(new byte[] {1}, store.get("key").orElseThrow().bytes());
        store.delete("key");
        stored(store.put("key", new byte[] {3}, new Condition.Absent()));
    }

    @Test
    void onlyWhoKnowsTheLatestReplacesIt() throws IOException {
        ObjectStore store = store();
        String first = stored(store.put("key", new byte[] {1}, new Condition.Any()));
        String second = stored(store.put("key", new byte[] {2}, new Condition.Matches(first)));
        assertInstanceOf(Written.Refused.class, store.put("key", new byte[] {3}, new Condition.Matches(first)));
        assertArrayEquals(new byte[] {2}, store.get("key").orElseThrow().bytes());
        store.delete("key");
        assertInstanceOf(Written.Refused.class, store.put("key", new byte[] {4}, new Condition.Matches(second)));
        assertTrue(store.get("key").isEmpty());
    }

    @Test
    void aFolderListsItsOwnChildren() throws IOException {
        ObjectStore store = store();
        assertEquals(List.of(), store.list("folder"));
        for (String key : List.of("folder/b", "folder/a", "folder/inner/c", "folder-beside/d", "top")) {
            store.put(key, new byte[] {1});
        }
        assertEquals(
                List.of(new Child("a", false), new Child("b", false), new Child("inner", true)), store.list("folder"));
        assertEquals(
                List.of(new Child("folder", true), new Child("folder-beside", true), new Child("top", false)),
                store.list(""));
    }

    @Test
    void whatWasDeletedIsGoneAndItsFolderWithIt() throws IOException {
        ObjectStore store = store();
        store.put("folder/key", new byte[] {1});
        store.delete("folder/key");
        store.delete("folder/key");
        assertTrue(store.get("folder/key").isEmpty());
        assertEquals(List.of(), store.list(""));
    }

    @Test
    void checkpointsLiveInIt() throws IOException {
        CheckpointStore checkpoints = new CheckpointStore(store(), 2);
        for (long offset = 1; offset <= 4; offset++) {
            checkpoints.store(
                    Checkpoint.newBuilder().setTenant("t").setOffset(offset).build());
        }
        assertEquals(4, checkpoints.latest("t").orElseThrow().checkpoint().getOffset());
        assertEquals(2, checkpoints.scrub("t").size());
        assertEquals(List.of("t"), checkpoints.tenants());
    }

    private static String stored(Written written) {
        return assertInstanceOf(Written.Stored.class, written).etag();
    }
}
