package io.livegraft.gpu.cpu;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Adapters of three layers that read the same rows, of which the second has none, each laid down in one piece. */
final class Adapters implements AutoCloseable {
    private static final int RANK = 16;

    private final Backend backend;
    private final List<Factors> all = new ArrayList<>();

    Adapters(Backend backend, int count, int in, int out) {
        this.backend = backend;
        for (int seed = 0; seed < count; seed++) {
            Random random = new Random(seed);
            all.add(backend.factors(
                            List.of(
                                    matrix(random, RANK, in),
                                    matrix(random, out, RANK),
                                    matrix(random, RANK, in),
                                    matrix(random, out, RANK)),
                            Precision.NF4)
                    .finish());
        }
    }

    private static HostMatrix matrix(Random random, int rows, int columns) {
        return new HostMatrix(TinyModel.gaussian(random, rows * columns, 1), 0, rows, columns);
    }

    /** One for each of the first rows of x. */
    List<LowRankRows> parts(Tensor x) {
        return IntStream.range(0, all.size())
                .mapToObj(i ->
                        new LowRankRows(backend.rows(x, i, 1), i, List.of(pair(i, 0), Optional.empty(), pair(i, 2))))
                .toList();
    }

    private Optional<LowRankPair> pair(int adapter, int first) {
        var factors = all.get(adapter).all();
        return Optional.of(new LowRankPair(RANK, factors.get(first), factors.get(first + 1), 0.5f));
    }

    @Override
    public void close() {
        all.forEach(Factors::close);
    }
}
