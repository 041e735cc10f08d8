package io.livegraft.actors.serving;

import io.livegraft.gpu.lora.LoraAdapter;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Adapters that were on the device, in host memory: they come back without the disk. The least recently used one goes. */
final class HostCache {
    private final long mostBytes;
    private final Map<AdapterSlots.Key, LoraAdapter> adapters = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    HostCache(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    static long bytes(LoraAdapter adapter) {
        return (long) adapter.values().length * Float.BYTES;
    }

    Optional<LoraAdapter> get(AdapterSlots.Key key) {
        return Optional.ofNullable(adapters.get(key));
    }

    void put(AdapterSlots.Key key, LoraAdapter adapter) {
        bytes += bytes(adapter);
        Optional.ofNullable(adapters.put(key, adapter)).ifPresent(before -> bytes -= bytes(before));
        Iterator<LoraAdapter> oldest = adapters.values().iterator();
        while (bytes > mostBytes && oldest.hasNext()) {
            bytes -= bytes(oldest.next());
            oldest.remove();
        }
    }

    int size() {
        return adapters.size();
    }

    long bytes() {
        return bytes;
    }
}
