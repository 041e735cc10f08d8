package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Neighbouring rows of a batch with one adapter, all of one phase.
 *
 * @param dropoutSeed of the segment whose rows these are; absent where nothing is dropped
 */
record AdaptedRows(int start, int count, Phase phase, AdapterTensors adapter, OptionalLong dropoutSeed) {
    /** The rows of each segment that has an adapter. */
    static List<AdaptedRows> segments(Batch batch) {
        List<AdaptedRows> rows = new ArrayList<>();
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            if (segment.adapter().isPresent()) {
                AdapterTensors adapter = segment.adapter().get();
                OptionalLong seed = adapter.dropout() == 0 ? OptionalLong.empty() : segment.dropoutSeed();
                rows.add(new AdaptedRows(batch.start(s), segment.ids().length, segment.phase(), adapter, seed));
            }
        }
        return rows;
    }

    /** As above; neighbours with the same adapter are one where nothing is dropped. */
    static List<AdaptedRows> merged(Batch batch) {
        List<AdaptedRows> merged = new ArrayList<>();
        for (AdaptedRows rows : segments(batch)) {
            if (!merged.isEmpty() && merged.getLast().continuedBy(rows)) {
                AdaptedRows last = merged.removeLast();
                merged.add(new AdaptedRows(
                        last.start, last.count + rows.count, last.phase, last.adapter, last.dropoutSeed));
            } else {
                merged.add(rows);
            }
        }
        return merged;
    }

    private boolean continuedBy(AdaptedRows next) {
        return start + count == next.start
                && phase == next.phase
                && adapter.equals(next.adapter)
                && dropoutSeed.isEmpty()
                && next.dropoutSeed.isEmpty();
    }

    /**
     * What is added to layers that read x; where something is dropped each reads its own rows.
     *
     * @param from the row of x that is the first one of the layers' outputs
     */
    List<LowRankRows> parts(Backend backend, Tensor x, int layer, List<LinearKind> kinds, int from) {
        List<Optional<LowRankPair>> pairs = adapter.factors(layer, kinds);
        if (dropoutSeed.isEmpty()) {
            return pairs.isEmpty() ? List.of() : List.of(new LowRankRows(of(backend, x), start - from, pairs));
        }
        List<LowRankRows> parts = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            if (pairs.get(i).isPresent()) {
                List<Optional<LowRankPair>> one = new ArrayList<>(Collections.nCopies(kinds.size(), Optional.empty()));
                one.set(i, pairs.get(i));
                parts.add(new LowRankRows(input(backend, x, layer, kinds.get(i)), start - from, one));
            }
        }
        return parts;
    }

    Tensor of(Backend backend, Tensor tensor) {
        return backend.rows(tensor, start, count);
    }

    /** x̃: these rows of x, less what is dropped. */
    Tensor input(Backend backend, Tensor x, int layer, LinearKind kind) {
        Tensor rows = of(backend, x);
        Optional<DropoutMask> mask = mask(layer, kind);
        if (mask.isEmpty()) {
            return rows;
        }
        Tensor kept = backend.allocateUnset(rows.rows(), rows.columns());
        backend.dropout(kept, rows, mask.get());
        return kept;
    }

    /** Follows from the segment's seed, the layer and the kind; empty where nothing is dropped. */
    Optional<DropoutMask> mask(int layer, LinearKind kind) {
        if (dropoutSeed.isEmpty()) {
            return Optional.empty();
        }
        int tensor = layer * LoraConfig.ALL_LINEAR.size() + LoraConfig.ALL_LINEAR.indexOf(kind.module());
        return Optional.of(DropoutMask.of(adapter.dropout(), dropoutSeed.getAsLong(), tensor));
    }
}
