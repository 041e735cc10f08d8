package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import java.util.List;
import java.util.Optional;

/**
 * What a decode step reads of adapters after the products at hand: fetched meanwhile, since products of more than a few rows leave the
 * memory idle. Tasks fetch what {@link LowRankDecode} gives their threads, so that most lies in the cache of who needs it.
 *
 * @param parts each laid down by {@link StripFactors}: what one reads is one piece of memory
 */
record FactorFetch(List<LowRankRows> parts) {
    static final FactorFetch NOTHING = new FactorFetch(List.of());

    static FactorFetch of(List<LowRankRows> parts) {
        return LowRankDecode.takes(parts) ? new FactorFetch(parts) : NOTHING;
    }

    /** The share of task {@code task} of {@code tasks}. */
    Cursor cursor(int task, int tasks) {
        return new Cursor(parts.subList(parts.size() * task / tasks, parts.size() * (task + 1) / tasks));
    }

    /** Goes through one task's share once. */
    static final class Cursor {
        private final List<LowRankRows> parts;
        private int part;
        private long address;
        private long end;

        private Cursor(List<LowRankRows> parts) {
            this.parts = parts;
            enter();
        }

        /** From the first pair's beginning to the last one's end; without any, nothing. */
        private void enter() {
            address = 0;
            end = 0;
            if (done()) {
                return;
            }
            for (Optional<LowRankPair> pair : parts.get(part).pairs()) {
                if (pair.isPresent()) {
                    StripWeight expand = StripFactor.of(pair.get().expand()).decode();
                    end = expand.strips().address() + expand.bytes();
                    if (address == 0) {
                        StripWeight shrink = StripFactor.of(pair.get().shrink()).decode();
                        address = shrink.strips().address();
                    }
                }
            }
        }

        boolean done() {
            return part == parts.size();
        }

        /** Where to fetch the next {@code bytes}, or as many as are left of an adapter; 0 for nowhere. */
        long next(long bytes) {
            long from = address;
            address += bytes;
            if (address >= end) {
                part++;
                enter();
            }
            return from;
        }
    }
}
