package io.livegraft.gpu.backend;

import io.livegraft.gpu.tensor.HostMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Factors that are frozen one matrix after the other, some in a slice: about half a millisecond's on a CPU, and memory's first touch
 * with it.
 */
public final class FactorsWork implements SlicedWork<Factors> {
    private static final int SLICE_VALUES = 1 << 17;

    private final List<HostMatrix> ws;
    private final Function<HostMatrix, Factor> freeze;
    private final Runnable release;
    private final List<Factor> frozen = new ArrayList<>();
    private Optional<Factors> result = Optional.empty();

    /**
     * @param freeze called once for each matrix, in their order
     * @param release gives the memory of all of them back
     */
    public FactorsWork(List<HostMatrix> ws, Function<HostMatrix, Factor> freeze, Runnable release) {
        this.ws = List.copyOf(ws);
        this.freeze = freeze;
        this.release = release;
    }

    /** Whose memory only goes by itself. */
    public static FactorsWork unowned(List<HostMatrix> ws, Function<HostMatrix, Factor> freeze) {
        return new FactorsWork(ws, freeze, () -> {});
    }

    @Override
    public boolean advance() {
        for (int values = 0; values < SLICE_VALUES && frozen.size() < ws.size(); ) {
            HostMatrix w = ws.get(frozen.size());
            frozen.add(freeze.apply(w));
            values += w.size();
        }
        if (frozen.size() == ws.size() && result.isEmpty()) {
            result = Optional.of(new Factors(frozen, release));
        }
        return result.isPresent();
    }

    /** One, however often it is asked for: its memory is given back once. */
    @Override
    public Factors result() {
        return result.orElseThrow(
                () -> new IllegalStateException("%d of %d matrices are frozen".formatted(frozen.size(), ws.size())));
    }
}
