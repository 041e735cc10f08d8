package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.AdamWPart;
import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.Draw.Adjustment;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.model.RopeScaling;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Steps on any backend that together use every operation, on prime sizes so that tails can't hide. */
public final class TwinCases {
    private static final List<int[]> SHAPES =
            List.of(new int[] {1, 1}, new int[] {1, 67}, new int[] {13, 2}, new int[] {61, 1021});
    private static final int[] WINDOWS = {1, 7, 20, Integer.MAX_VALUE};

    /** Query heads, key and value heads, head dimension. */
    private static final List<int[]> HEADS =
            List.of(new int[] {1, 1, 2}, new int[] {6, 3, 6}, new int[] {5, 1, 34}, new int[] {3, 3, 14});

    private TwinCases() {}

    /** Steps on any backend; together they use every operation. */
    public static SequencedMap<String, BiConsumer<Backend, Random>> all() {
        SequencedMap<String, BiConsumer<Backend, Random>> cases = new LinkedHashMap<>();
        for (Precision precision : Precision.values()) {
            cases.put("frozen linear layers, " + precision, (both, random) -> frozen(both, random, precision));
        }
        cases.put("linear layers quantized elsewhere", TwinCases::quantized);
        cases.put("several frozen linear layers over the same rows", TwinCases::several);
        for (Arithmetic arithmetic : Arithmetic.values()) {
            cases.put("products, " + arithmetic, (both, random) -> product(both, random, arithmetic));
            cases.put("chains of products, " + arithmetic, (both, random) -> chains(both, random, arithmetic));
            for (Phase phase : Phase.values()) {
                cases.put(
                        "low-rank pairs, %s, %s".formatted(phase, arithmetic),
                        (both, random) -> lowRank(both, random, phase, arithmetic));
            }
            cases.put("low-rank gradients, " + arithmetic, (both, random) -> lowRankBackward(both, random, arithmetic));
            cases.put("adapted layers, " + arithmetic, (both, random) -> adapted(both, random, arithmetic));
            for (Phase phase : Phase.values()) {
                cases.put(
                        "layers that several adapters share, %s, %s".formatted(phase, arithmetic),
                        (both, random) -> shared(both, random, phase, arithmetic));
            }
        }
        for (int[] shape : SHAPES) {
            cases.put("layers " + Arrays.toString(shape), (both, random) -> layers(both, random, shape[0], shape[1]));
        }
        cases.put("memory that is used again", TwinCases::memory);
        cases.put("embedding", TwinCases::embedding);
        cases.put("rotation", TwinCases::rotation);
        for (int[] heads : HEADS) {
            for (int window : WINDOWS) {
                for (Arithmetic arithmetic : Arithmetic.values()) {
                    cases.put(
                            "attention %s in a window of %d, %s".formatted(Arrays.toString(heads), window, arithmetic),
                            (both, random) ->
                                    attention(both, random, heads[0], heads[1], heads[2], window, arithmetic));
                }
            }
        }
        cases.put("loss", TwinCases::loss);
        cases.put("sampling", TwinCases::sampling);
        cases.put("optimizer", TwinCases::optimizer);
        return cases;
    }

    private static void memory(Backend both, Random random) {
        for (int pass = 0; pass < 2; pass++) {
            try (Workspace workspace = both.workspace();
                    var _ = workspace.use();
                    var _ = both.repeated()) {
                Tensor sum = both.allocate(3, 5);
                both.copy(both.rows(sum, 0, 2), tensor(both, random, 2, 5));
                both.upload(both.rows(sum, 1, 2), TinyModel.gaussian(random, 10, 1));
                for (int i = 0; i < 2; i++) {
                    try (var _ = both.temporaries()) {
                        Tensor gated = both.allocateUnset(3, 5);
                        both.swiGlu(gated, tensor(both, random, 3, 5), tensor(both, random, 3, 5));
                        both.add(sum, gated);
                    }
                }
            }
        }
    }

    private static void frozen(Backend both, Random random, Precision precision) {
        for (int[] shape : new int[][] {{1, 1, 1}, {1, 67, 131}, {13, 131, 67}, {61, 257, 131}}) {
            HostTensor weight =
                    HostTensor.matrix(shape[2], shape[1], TinyModel.gaussian(random, shape[2] * shape[1], 1));
            var frozen = both.freeze(weight, precision);
            both.linear(
                    both.allocate(shape[0], shape[2]),
                    tensor(both, random, shape[0], shape[1]),
                    frozen,
                    Phase.TRAINING);
            both.linearBackward(
                    tensor(both, random, shape[0], shape[1]), tensor(both, random, shape[0], shape[2]), frozen);
        }
    }

    private static void quantized(Backend both, Random random) {
        HostTensor weight = HostTensor.matrix(131, 67, TinyModel.gaussian(random, 131 * 67, 1));
        List<QuantizedTensor> stored = List.of(
                BlockTensor.quantize(weight, Codebook.FP4, 32, true),
                BlockTensor.quantize(weight, Codebook.FP4, 4096, true),
                RowTensor.quantize(weight));
        for (QuantizedTensor one : stored) {
            var frozen = both.freeze(one);
            both.linear(both.allocate(13, 131), tensor(both, random, 13, 67), frozen, Phase.TRAINING);
            both.linearBackward(tensor(both, random, 13, 67), tensor(both, random, 13, 131), frozen);
        }
    }

    /** Of different widths, in different forms. */
    private static void several(Backend both, Random random) {
        List<LinearWeight> weights = new ArrayList<>();
        for (Precision precision : List.of(Precision.NF4, Precision.INT8, Precision.FP32)) {
            int out = 67 + 64 * weights.size();
            HostTensor weight = HostTensor.matrix(out, 131, TinyModel.gaussian(random, out * 131, 1));
            weights.add(both.freeze(weight, precision));
        }
        for (int rows : new int[] {1, 13, 61}) {
            for (Phase phase : Phase.values()) {
                List<Tensor> ys = weights.stream()
                        .map(w -> both.allocate(rows, w.outputFeatures()))
                        .toList();
                both.linear(ys, tensor(both, random, rows, 131), weights, phase);
            }
            List<Tensor> dys = weights.stream()
                    .map(w -> tensor(both, random, rows, w.outputFeatures()))
                    .toList();
            both.linearBackward(tensor(both, random, rows, 131), dys, weights, true);
            both.linearBackward(both.allocateUnset(rows, 131), dys, weights, false);
        }
    }

    /** In every transposition; the last shape is large enough for both threads. */
    static void product(Backend both, Random random, Arithmetic arithmetic) {
        for (int[] shape : new int[][] {{1, 1, 1}, {1, 67, 3}, {13, 67, 131}, {61, 257, 131}}) {
            int m = shape[0];
            int k = shape[1];
            int n = shape[2];
            for (Operand left : Operand.values()) {
                for (Operand right : Operand.values()) {
                    for (boolean accumulate : new boolean[] {false, true}) {
                        Tensor a = left == Operand.PLAIN ? tensor(both, random, m, k) : tensor(both, random, k, m);
                        Tensor b = right == Operand.PLAIN ? tensor(both, random, k, n) : tensor(both, random, n, k);
                        both.multiply(tensor(both, random, m, n), a, left, b, right, 0.37f, accumulate, arithmetic);
                    }
                }
            }
        }
    }

    /** Weights beside which factors are multiplied with this arithmetic. */
    private static Precision beside(Arithmetic arithmetic) {
        return switch (arithmetic) {
            case FLOAT32 -> Precision.FP32;
            case BFLOAT16 -> Precision.NF4;
        };
    }

    /** As an adapter is applied, to several pieces of rows. */
    private static void chains(Backend both, Random random, Arithmetic arithmetic) {
        HostTensor first = matrix(random, 5, 67);
        HostTensor second = matrix(random, 67, 67);
        Factor shrink = both.factor(first, beside(arithmetic));
        List<Factor> together = both.factors(List.of(HostMatrix.of(second), HostMatrix.of(first)), beside(arithmetic))
                .finish()
                .all();
        Factor expand = new TensorFactor(tensor(both, random, 131, 5), Operand.TRANSPOSED);
        List<List<Product>> chains = new ArrayList<>();
        for (int rows : new int[] {1, 13, 61}) {
            Tensor h = both.allocateUnset(rows, 5);
            Tensor x = tensor(both, random, rows, 67);
            chains.add(List.of(
                    Product.into(h, x, shrink, 1),
                    Product.into(both.allocateUnset(rows, 67), x, together.getFirst(), 1),
                    Product.adding(h, x, together.getLast(), 0.5f),
                    Product.adding(tensor(both, random, rows, 131), h, expand, 2),
                    Product.addingTransposed(
                            tensor(both, random, 67, 5), x, new TensorFactor(h, Operand.PLAIN), 0.5f)));
        }
        both.multiply(chains, arithmetic);
    }

    /** A frozen adapter of two layers, one of the second alone, and one in training. */
    private static void lowRank(Backend both, Random random, Phase phase, Arithmetic arithmetic) {
        Tensor x = tensor(both, random, 79, 67);
        List<HostMatrix> matrices = Stream.of(
                        matrix(random, 5, 67), matrix(random, 131, 5), matrix(random, 17, 67), matrix(random, 3, 17))
                .map(HostMatrix::of)
                .toList();
        List<Factor> factors =
                both.factors(matrices, beside(arithmetic)).finish().all();
        LowRankPair first = new LowRankPair(5, factors.get(0), factors.get(1), 0.5f);
        LowRankPair second = new LowRankPair(17, factors.get(2), factors.get(3), 2);
        LowRankPair trained = new LowRankPair(
                2,
                new TensorFactor(tensor(both, random, 2, 67), Operand.TRANSPOSED),
                new TensorFactor(tensor(both, random, 3, 2), Operand.TRANSPOSED),
                0.75f);
        LowRankRows whole = new LowRankRows(both.rows(x, 1, 13), 1, List.of(Optional.of(first), Optional.of(second)));
        LowRankRows half = new LowRankRows(both.rows(x, 14, 1), 14, List.of(Optional.empty(), Optional.of(second)));
        LowRankRows other = new LowRankRows(both.rows(x, 16, 61), 16, List.of(Optional.empty(), Optional.of(trained)));
        List<Tensor> ys = List.of(tensor(both, random, 79, 131), tensor(both, random, 79, 3));
        both.lowRank(ys, List.of(whole, half), phase, arithmetic);
        both.lowRank(ys, List.of(half), phase, arithmetic);
        both.lowRank(ys, List.of(whole, half, other), phase, arithmetic);
    }

    /** Two layers over the same rows, and a second segment of one of them. */
    private static void lowRankBackward(Backend both, Random random, Arithmetic arithmetic) {
        Tensor a = tensor(both, random, 5, 67);
        Tensor b = tensor(both, random, 131, 5);
        Tensor aGradient = tensor(both, random, 5, 67);
        Tensor bGradient = tensor(both, random, 131, 5);
        Tensor x = tensor(both, random, 61, 67);
        Tensor dx = tensor(both, random, 61, 67);
        Tensor other = tensor(both, random, 13, 67);
        Tensor otherDx = tensor(both, random, 13, 67);
        LowRankGradient first =
                new LowRankGradient(dx, tensor(both, random, 61, 131), x, a, b, aGradient, bGradient, 0.5f);
        LowRankGradient second = new LowRankGradient(
                dx,
                tensor(both, random, 61, 3),
                x,
                tensor(both, random, 2, 67),
                tensor(both, random, 3, 2),
                tensor(both, random, 2, 67),
                tensor(both, random, 3, 2),
                2);
        LowRankGradient third =
                new LowRankGradient(otherDx, tensor(both, random, 13, 131), other, a, b, aGradient, bGradient, 0.5f);
        both.lowRankBackward(List.of(first, second, third), arithmetic);
    }

    /** Two frozen layers over the same rows, enough for one pass, with a pair in training each. */
    private static void adapted(Backend both, Random random, Arithmetic arithmetic) {
        int rows = 261;
        int in = 128;
        Tensor x = tensor(both, random, rows, in);
        Tensor dx = both.allocateUnset(rows, in);
        List<LinearWeight> ws = new ArrayList<>();
        List<Tensor> ys = new ArrayList<>();
        List<Tensor> dys = new ArrayList<>();
        List<Optional<LowRankPair>> pairs = new ArrayList<>();
        List<LowRankGradient> gradients = new ArrayList<>();
        for (int out : new int[] {67, 3}) {
            Tensor a = tensor(both, random, 5, in);
            Tensor b = tensor(both, random, out, 5);
            ws.add(both.freeze(matrix(random, out, in), beside(arithmetic)));
            ys.add(both.allocateUnset(rows, out));
            dys.add(tensor(both, random, rows, out));
            pairs.add(Optional.of(new LowRankPair(
                    5, new TensorFactor(a, Operand.TRANSPOSED), new TensorFactor(b, Operand.TRANSPOSED), 0.5f)));
            Tensor aGradient = tensor(both, random, 5, in);
            Tensor bGradient = tensor(both, random, out, 5);
            gradients.add(new LowRankGradient(dx, dys.getLast(), x, a, b, aGradient, bGradient, 0.5f));
        }
        both.linear(ys, x, ws, List.of(new LowRankRows(x, 0, pairs)), Phase.TRAINING, arithmetic);
        both.linearBackward(dx, dys, ws, gradients, arithmetic);
    }

    /** Two layers over rows of several adapters, with rows between them that have none; the last has a pair for one layer alone. */
    private static void shared(Backend both, Random random, Phase phase, Arithmetic arithmetic) {
        int in = 131;
        int[] outs = {67, 17};
        int[] ranks = {16, 1, 64, 8};
        int[] starts = {0, 41, 47, 131};
        int[] counts = {41, 5, 83, 38};
        Tensor x = tensor(both, random, 171, in);
        List<LinearWeight> ws = new ArrayList<>();
        List<Tensor> ys = new ArrayList<>();
        List<Tensor> dys = new ArrayList<>();
        for (int out : outs) {
            ws.add(both.freeze(matrix(random, out, in), beside(arithmetic)));
            ys.add(both.allocateUnset(171, out));
            dys.add(tensor(both, random, 171, out));
        }
        Tensor dx = both.allocateUnset(171, in);
        List<LowRankRows> parts = new ArrayList<>();
        List<LowRankGradient> gradients = new ArrayList<>();
        for (int i = 0; i < ranks.length; i++) {
            Tensor rows = both.rows(x, starts[i], counts[i]);
            Tensor into = both.rows(dx, starts[i], counts[i]);
            List<Optional<LowRankPair>> pairs = new ArrayList<>();
            for (int layer = 0; layer < outs.length; layer++) {
                Tensor a = tensor(both, random, ranks[i], in);
                Tensor b = tensor(both, random, outs[layer], ranks[i]);
                Tensor aGradient = tensor(both, random, ranks[i], in);
                Tensor bGradient = tensor(both, random, outs[layer], ranks[i]);
                if (i < 3 || layer == 1) {
                    TensorFactor shrink = new TensorFactor(a, Operand.TRANSPOSED);
                    TensorFactor expand = new TensorFactor(b, Operand.TRANSPOSED);
                    pairs.add(Optional.of(new LowRankPair(ranks[i], shrink, expand, 0.5f)));
                    Tensor dy = both.rows(dys.get(layer), starts[i], counts[i]);
                    gradients.add(new LowRankGradient(into, dy, rows, a, b, aGradient, bGradient, 0.5f));
                } else {
                    pairs.add(Optional.empty());
                }
            }
            parts.add(new LowRankRows(rows, starts[i], pairs));
        }
        both.linear(ys, x, ws, parts, phase, arithmetic);
        both.linearBackward(dx, dys, ws, gradients, arithmetic);
    }

    private static HostTensor matrix(Random random, int rows, int columns) {
        return HostTensor.matrix(rows, columns, TinyModel.gaussian(random, rows * columns, 1));
    }

    private static void layers(Backend both, Random random, int rows, int columns) {
        Tensor x = tensor(both, random, rows, columns);
        Tensor dy = tensor(both, random, rows, columns);
        Tensor w = tensor(both, random, 1, columns);
        Tensor rstd = both.allocate(rows, 1);
        both.rmsNorm(both.allocate(rows, columns), rstd, x, w, 1e-5f);
        both.rmsNormBackward(tensor(both, random, rows, columns), dy, x, w, rstd);
        both.rmsNormWeightBackward(tensor(both, random, 1, columns), dy, x, rstd);
        Tensor gate = tensor(both, random, rows, columns);
        both.swiGlu(both.allocate(rows, columns), gate, x);
        both.swiGluBackward(tensor(both, random, rows, columns), tensor(both, random, rows, columns), dy, gate, x);
        DropoutMask mask = new DropoutMask(0.3, random.nextLong());
        both.dropout(both.allocate(rows, columns), x, mask);
        both.dropoutBackward(tensor(both, random, rows, columns), dy, mask);
        both.add(x, dy);
        both.addBias(x, w);
        both.addBiasBackward(tensor(both, random, 1, columns), dy);
        both.sumOfSquares(x);
        both.zero(x);
    }

    private static void embedding(Backend both, Random random) {
        int[] ids = {0, 130, 7, 7, 129, 7};
        Tensor table = tensor(both, random, 131, 67);
        both.embed(both.allocate(ids.length, 67), table, ids);
        for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
            LinearWeight frozen =
                    both.freezeTable(HostTensor.matrix(131, 67, TinyModel.gaussian(random, 131 * 67, 1)), precision);
            both.embed(both.allocate(ids.length, 67), frozen, ids);
        }
        both.embedBackward(both.view(table, 0, 131, 67), tensor(both, random, ids.length, 67), ids);
    }

    private static void rotation(Backend both, Random random) {
        int[] positions = {0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 8191};
        for (boolean inverse : new boolean[] {false, true}) {
            for (RopeScaling scaling :
                    List.of(new RopeScaling.None(), new RopeScaling.Linear(3), new RopeScaling.Llama3(8, 1, 4, 64))) {
                both.rotate(tensor(both, random, 13, 5 * 14), positions, new Rope(14, 10_000, scaling), inverse);
                both.rotate(tensor(both, random, 1, 2), new int[] {4095}, new Rope(2, 500_000, scaling), inverse);
            }
        }
    }

    /** Prefill, single tokens, a whole sequence, and its gradients. */
    public static void attention(
            Backend both, Random random, int heads, int kvHeads, int dim, int window, Arithmetic arithmetic) {
        KvCache cache = both.allocateKvCache(2, kvHeads, dim, 31, arithmetic);
        int position = 0;
        for (int count : new int[] {17, 1, 1, 11}) {
            both.appendKv(
                    cache,
                    1,
                    tensor(both, random, count, kvHeads * dim),
                    tensor(both, random, count, kvHeads * dim),
                    position);
            Tensor q = tensor(both, random, count, heads * dim);
            both.attention(both.allocate(count, heads * dim), q, cache, 1, position, window);
            position += count;
        }
        step(both, random, heads, kvHeads, dim, window, arithmetic);
        paged(both, random, heads, kvHeads, dim, window, arithmetic);
        for (int count : new int[] {1, 2, 13, 71}) {
            Tensor q = tensor(both, random, count, heads * dim);
            Tensor k = tensor(both, random, count, kvHeads * dim);
            Tensor v = tensor(both, random, count, kvHeads * dim);
            both.attention(both.allocate(count, heads * dim), q, k, v, dim, window, arithmetic);
            int[] lengths = count == 1 ? new int[] {1} : new int[] {count / 2, count - count / 2};
            both.attention(both.allocate(count, heads * dim), q, k, v, lengths, dim, window, arithmetic);
            both.attentionBackward(
                    tensor(both, random, count, heads * dim),
                    tensor(both, random, count, kvHeads * dim),
                    tensor(both, random, count, kvHeads * dim),
                    tensor(both, random, count, heads * dim),
                    q,
                    k,
                    v,
                    lengths,
                    dim,
                    window,
                    arithmetic);
        }
    }

    /** A prompt in two pieces on pages that lie here and there, then a token. */
    private static void paged(
            Backend both, Random random, int heads, int kvHeads, int dim, int window, Arithmetic arithmetic) {
        KvCache cache = new KvCache(both.allocateKvPages(2, kvHeads, dim, 4, 64, arithmetic), 200);
        IntStream.of(2, 0, 3).forEach(cache::add);
        int position = 0;
        for (int count : new int[] {70, 71, 1}) {
            Tensor k = tensor(both, random, count, kvHeads * dim);
            both.appendKv(cache, 1, k, tensor(both, random, count, kvHeads * dim), position);
            Tensor q = tensor(both, random, count, heads * dim);
            both.attention(both.allocate(count, heads * dim), q, cache, 1, position, window);
            position += count;
        }
    }

    /** Three sequences at different positions. */
    private static void step(
            Backend both, Random random, int heads, int kvHeads, int dim, int window, Arithmetic arithmetic) {
        int[] positions = {0, 5, 17};
        List<KvCache> caches = new ArrayList<>();
        for (int position : positions) {
            KvCache cache = both.allocateKvCache(1, kvHeads, dim, 18, arithmetic);
            Tensor before = tensor(both, random, position, kvHeads * dim);
            both.appendKv(cache, 0, before, before, 0);
            caches.add(cache);
        }
        both.attention(
                both.allocate(3, heads * dim),
                tensor(both, random, 3, heads * dim),
                tensor(both, random, 3, kvHeads * dim),
                tensor(both, random, 3, kvHeads * dim),
                caches,
                0,
                positions,
                window);
    }

    private static void loss(Backend both, Random random) {
        int[] targets = {0, 130, 7, -1, 5, 6, 11, -1, 99, 1, 2, 3, 4};
        both.crossEntropy(tensor(both, random, targets.length, 131), targets, 0.25f);
        both.crossEntropy(tensor(both, random, 2, 3), new int[] {-1, -1}, 1);
        both.crossEntropy(tensor(both, random, 1, 1), new int[] {0}, -1);
        both.logSumExp(tensor(both, random, 3, 1_031));
        both.largest(tensor(both, random, 3, 1_031));
        int[] many = IntStream.range(0, 271).map(n -> n % 7 - 1).toArray();
        both.crossEntropy(tensor(both, random, many.length, 131), many, 1e-3f);
    }

    private static void sampling(Backend both, Random random) {
        List<Adjustment> adjustments = List.of(new Adjustment(0, 2, -1), new Adjustment(1_030, 0, 0.5f));
        List<Draw> draws = new ArrayList<>();
        for (int topK : new int[] {0, 1, 40}) {
            for (double topP : new double[] {1, 0.9}) {
                draws.add(new Draw(0.8, topP, topK, random.nextDouble(), List.of()));
                draws.add(new Draw(2, topP, topK, random.nextDouble(), adjustments));
            }
        }
        draws.add(new Draw(0, 1, 0, 0, adjustments));
        int[] rows = IntStream.range(0, draws.size()).map(i -> i + 2).toArray();
        both.draw(tensor(both, random, draws.size() + 3, 1_031), rows, draws);
    }

    private static void optimizer(Backend both, Random random) {
        for (int size : new int[] {1, 67}) {
            Tensor p = tensor(both, random, 1, size);
            Tensor m = tensor(both, random, 1, size);
            assertFalse(both.offloads(Offloadable.MOMENTS), "nobody asked for it");
            Tensor v = both.allocateUnset(Offloadable.MOMENTS, 1, size);
            both.zero(v);
            for (int step = 1; step < 4; step++) {
                AdamWStep constants = new AdamWStep(1e-2, 0.9, 0.999, 1e-8, 0.1, step, 0.5);
                both.adamW(p, m, v, tensor(both, random, 1, size), constants);
            }
        }
        both.adamW(List.of(part(both, random, 67, 1e-2), part(both, random, 3, 0.16)));
        BlockwiseState.Codes none = new BlockwiseState.Codes(new byte[256], new float[1], new float[256]);
        both.blockwise(new BlockwiseState(none, none));
    }

    private static AdamWPart part(Backend both, Random random, int size, double learningRate) {
        return new AdamWPart(
                tensor(both, random, 1, size),
                tensor(both, random, 1, size),
                both.allocate(1, size),
                tensor(both, random, 1, size),
                new AdamWStep(learningRate, 0.9, 0.999, 1e-8, 0.1, 1, 0.5));
    }

    private static Tensor tensor(Backend backend, Random random, int rows, int columns) {
        return backend.rows(backend.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns), 0, rows);
    }
}
