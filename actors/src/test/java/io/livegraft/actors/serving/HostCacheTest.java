package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HostCacheTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 16, 2, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));
    private static final LoraAdapter ADAPTER =
            LoraAdapter.initial(new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR), MODEL, 1);
    private static final long BYTES = HostCache.bytes(ADAPTER);

    @Test
    void theLeastRecentlyUsedGoesWhenTheBytesAreUsedUp() {
        HostCache cache = new HostCache(2 * BYTES);
        cache.put(key("a"), ADAPTER);
        cache.put(key("b"), ADAPTER);
        cache.put(key("b"), ADAPTER);
        assertEquals(Optional.of(ADAPTER), cache.get(key("a")));
        cache.put(key("c"), ADAPTER);
        assertEquals(Optional.empty(), cache.get(key("b")));
        assertEquals(Optional.of(ADAPTER), cache.get(key("a")));
        assertEquals(2 * BYTES, cache.bytes());
        assertEquals(2, cache.size());
    }

    @Test
    void withoutRoomNothingIsKept() {
        HostCache cache = new HostCache(BYTES - 1);
        cache.put(key("a"), ADAPTER);
        assertEquals(Optional.empty(), cache.get(key("a")));
        assertEquals(0, cache.bytes());
    }

    private static AdapterSlots.Key key(String tenant) {
        return new AdapterSlots.Key(tenant, "digest");
    }
}
