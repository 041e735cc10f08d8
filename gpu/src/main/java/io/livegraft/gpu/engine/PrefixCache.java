package io.livegraft.gpu.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which pages hold what prompts begin with. Whole pages made by prefill alone: those that decode made have other bits (law 3). */
final class PrefixCache implements PagePool.Eviction {
    private final PagePool pool;
    private final Map<PrefixKey, Integer> pages = new HashMap<>();
    private final Map<Integer, PrefixKey> keys = new HashMap<>();

    PrefixCache(PagePool pool) {
        this.pool = pool;
    }

    /** Pages of the first of these keys, up to one that is not known. */
    List<Integer> known(List<PrefixKey> chain) {
        List<Integer> known = new ArrayList<>();
        for (PrefixKey key : chain) {
            Integer page = pages.get(key);
            if (page == null) {
                break;
            }
            known.add(page);
        }
        return known;
    }

    /** Keeps a page that is in use, unless another has the same contents. */
    void add(PrefixKey key, int page) {
        if (pages.putIfAbsent(key, page) == null) {
            keys.put(page, key);
            pool.keep(page);
        }
    }

    @Override
    public void evicted(int page) {
        PrefixKey key = keys.remove(page);
        if (key != null) {
            pages.remove(key);
        }
    }
}
