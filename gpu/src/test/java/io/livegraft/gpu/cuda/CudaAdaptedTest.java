package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters as further columns of the base's products: the bits of one after the other, and of each tenant alone. */
class CudaAdaptedTest {
    private static final Arithmetic ROUNDED = Arithmetic.BFLOAT16;
    private static final int IN = 131;
    private static final int[] OUTS = {67, 3, 149};
    private static final float SCALING = 0.75f;
    private static final int NONE = 0;

    /** Stretches of rows by the rank of their adapter: some within 16 rows of the tensor cores' product, some over a block's end. */
    private static final List<Stretch> COMPANY = List.of(
            new Stretch(1, 16, 41),
            new Stretch(2, NONE, 2),
            new Stretch(3, 1, 3),
            new Stretch(4, 64, 101),
            new Stretch(5, 8, 1),
            new Stretch(6, 37, 17),
            new Stretch(7, NONE, 23),
            new Stretch(8, 16, 129));

    private CudaBackend backend;
    private List<LinearWeight> ws = List.of();

    @BeforeEach
    void open() {
        backend = StandIn.backend();
    }

    @AfterEach
    void close() {
        if (backend != null) {
            backend.close();
        }
    }

    private void freeze(Precision precision) {
        ws = IntStream.of(OUTS)
                .mapToObj(out -> backend.freeze(
                        HostTensor.matrix(out, IN, TinyModel.gaussian(new Random(out), out * IN, 0.1)), precision))
                .toList();
    }

    /** Rows of one tenant, all of whose numbers follow from {@code seed}. */
    private record Stretch(int seed, int rank, int rows) {
        float[] x() {
            return TinyModel.gaussian(new Random(seed), rows * IN, 1);
        }

        float[] dy(int layer) {
            return TinyModel.gaussian(new Random(100L * seed + layer), rows * OUTS[layer], 1);
        }

        /** Every third tenant has no pair for the second layer. */
        boolean adapts(int layer) {
            return rank > 0 && (layer != 1 || seed % 3 != 0);
        }

        float[] a(int layer) {
            return TinyModel.gaussian(new Random(1000L * seed + layer), rank * IN, 0.1);
        }

        float[] b(int layer) {
            return TinyModel.gaussian(new Random(2000L * seed + layer), OUTS[layer] * rank, 1);
        }
    }

    /** Everything that one call writes for each stretch: its rows of ys, then of dx, then its gradients. */
    private final class Pass {
        private final List<Stretch> stretches;
        private final Tensor x;
        private final Tensor dx;
        private final List<Tensor> ys = new ArrayList<>();
        private final List<Tensor> dys = new ArrayList<>();
        private final List<LowRankRows> parts = new ArrayList<>();
        private final List<LowRankGradient> gradients = new ArrayList<>();

        Pass(List<Stretch> stretches, boolean trained) {
            this.stretches = stretches;
            int rows = stretches.stream().mapToInt(Stretch::rows).sum();
            x = joined(IN, stretches.stream().map(Stretch::x).toList());
            dx = backend.upload(new float[rows * IN], rows, IN);
            for (int i = 0; i < OUTS.length; i++) {
                int layer = i;
                ys.add(backend.upload(new float[rows * OUTS[i]], rows, OUTS[i]));
                dys.add(joined(
                        OUTS[i], stretches.stream().map(one -> one.dy(layer)).toList()));
            }
            int start = 0;
            for (Stretch stretch : stretches) {
                if (stretch.rank() > 0) {
                    add(stretch, start, trained);
                }
                start += stretch.rows();
            }
        }

        private Tensor joined(int columns, List<float[]> values) {
            float[] all =
                    new float[values.stream().mapToInt(some -> some.length).sum()];
            int at = 0;
            for (float[] some : values) {
                System.arraycopy(some, 0, all, at, some.length);
                at += some.length;
            }
            return backend.upload(all, all.length / columns, columns);
        }

        private void add(Stretch stretch, int start, boolean trained) {
            int rank = stretch.rank();
            Tensor rows = backend.rows(x, start, stretch.rows());
            List<Optional<LowRankPair>> pairs = new ArrayList<>();
            for (int i = 0; i < OUTS.length; i++) {
                if (!stretch.adapts(i)) {
                    pairs.add(Optional.empty());
                    continue;
                }
                HostTensor a = HostTensor.matrix(rank, IN, stretch.a(i));
                HostTensor b = HostTensor.matrix(OUTS[i], rank, stretch.b(i));
                pairs.add(Optional.of(new LowRankPair(rank, factor(a, trained), factor(b, trained), SCALING)));
                gradients.add(new LowRankGradient(
                        backend.rows(dx, start, stretch.rows()),
                        backend.rows(dys.get(i), start, stretch.rows()),
                        rows,
                        upload(a),
                        upload(b),
                        backend.upload(new float[rank * IN], rank, IN),
                        backend.upload(new float[OUTS[i] * rank], OUTS[i], rank),
                        SCALING));
            }
            parts.add(new LowRankRows(rows, start, pairs));
        }

        private Factor factor(HostTensor w, boolean trained) {
            return trained ? new TensorFactor(upload(w), Operand.TRANSPOSED) : backend.factor(w, Precision.NF4);
        }

        private Tensor upload(HostTensor w) {
            return backend.upload(w.values(), w.rows(), w.columns());
        }

        List<float[]> together(Phase phase) {
            backend.linear(ys, x, ws, parts, phase, ROUNDED);
            backend.linearBackward(dx, dys, ws, gradients, ROUNDED);
            return values();
        }

        List<float[]> oneAfterTheOther(Phase phase) {
            backend.linear(ys, x, ws, phase);
            backend.lowRank(ys, parts, phase, ROUNDED);
            backend.linearBackward(dx, dys, ws, false);
            backend.lowRankBackward(gradients, ROUNDED);
            return values();
        }

        /** By stretch. */
        private List<float[]> values() {
            List<float[]> values = new ArrayList<>();
            int start = 0;
            int gradient = 0;
            for (Stretch stretch : stretches) {
                for (Tensor tensor : ys) {
                    values.add(read(backend.rows(tensor, start, stretch.rows())));
                }
                values.add(read(backend.rows(dx, start, stretch.rows())));
                for (int i = 0; i < OUTS.length; i++) {
                    boolean adapts = stretch.adapts(i);
                    values.add(adapts ? read(gradients.get(gradient).aGradient()) : new float[0]);
                    values.add(adapts ? read(gradients.get(gradient).bGradient()) : new float[0]);
                    gradient += adapts ? 1 : 0;
                }
                start += stretch.rows();
            }
            return values;
        }
    }

    private static final int VALUES = OUTS.length + 1 + 2 * OUTS.length;

    private float[] read(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"NF4", "INT8", "BF16"})
    void oneProductHasTheBitsOfOneAfterTheOther(Precision precision) {
        freeze(precision);
        for (Phase phase : List.of(Phase.TRAINING, Phase.PREFILL)) {
            assertSame(
                    new Pass(COMPANY, true).oneAfterTheOther(phase), new Pass(COMPANY, true).together(phase), "bits");
        }
    }

    @Test
    void anAdapterInTrainingGivesTheBitsOfTheSameOneInServing() {
        freeze(Precision.NF4);
        assertSame(
                new Pass(COMPANY, true).together(Phase.TRAINING), new Pass(COMPANY, false).together(Phase.PREFILL), "");
    }

    @Test
    void aTenantHasTheSameBitsAloneInCompanyAndAmongRowsInAnyOrder() {
        freeze(Precision.NF4);
        assertSameInAnyCompany("as it comes");
        StandIn.inEveryOrder(this::assertSameInAnyCompany);
    }

    private void assertSameInAnyCompany(String order) {
        List<float[]> company = new Pass(COMPANY, true).together(Phase.TRAINING);
        List<float[]> reversed = new Pass(COMPANY.reversed(), true).together(Phase.TRAINING);
        for (int i = 0; i < COMPANY.size(); i++) {
            List<float[]> own = company.subList(i * VALUES, (i + 1) * VALUES);
            int other = COMPANY.size() - 1 - i;
            assertSame(own, reversed.subList(other * VALUES, (other + 1) * VALUES), order + ", reversed");
            assertSame(own, new Pass(List.of(COMPANY.get(i)), true).together(Phase.TRAINING), order + ", alone");
        }
    }

    @Test
    void rowsWithoutAnAdapterHaveTheBitsOfTheBase() {
        freeze(Precision.NF4);
        Pass adapted = new Pass(COMPANY, true);
        Pass base = new Pass(COMPANY, true);
        base.parts.clear();
        base.gradients.clear();
        adapted.together(Phase.PREFILL);
        backend.linear(base.ys, base.x, ws, Phase.PREFILL);
        backend.linearBackward(base.dx, base.dys, ws, false);
        int start = 0;
        for (Stretch stretch : COMPANY) {
            if (stretch.rank() == NONE) {
                for (int i = 0; i < OUTS.length; i++) {
                    assertRows(base.ys.get(i), adapted.ys.get(i), start, stretch.rows());
                }
                assertRows(base.dx, adapted.dx, start, stretch.rows());
            }
            start += stretch.rows();
        }
    }

    private void assertRows(Tensor expected, Tensor actual, int start, int count) {
        assertArrayEquals(read(backend.rows(expected, start, count)), read(backend.rows(actual, start, count)), 0f);
    }

    /** Not by a product with zeros, which a NaN would come through. */
    @Test
    void anAdapterOfNotANumberIsSeenInItsOwnRowsAlone() {
        freeze(Precision.NF4);
        List<float[]> sound = new Pass(COMPANY, true).together(Phase.TRAINING);
        Pass pass = new Pass(COMPANY, true);
        int broken = 3;
        pass.gradients.stream()
                .filter(of -> of.rank() == COMPANY.get(broken).rank())
                .forEach(of -> nan(of.a()));
        pass.parts.stream()
                .flatMap(part -> part.pairs().stream().flatMap(Optional::stream))
                .filter(pair -> pair.rank() == COMPANY.get(broken).rank())
                .forEach(pair -> nan(((TensorFactor) pair.expand()).tensor()));
        List<float[]> values = pass.together(Phase.TRAINING);
        for (int i = 0; i < COMPANY.size(); i++) {
            List<float[]> own = values.subList(i * VALUES, (i + 1) * VALUES);
            if (i == broken) {
                assertTrue(Float.isNaN(own.getFirst()[0]) && Float.isNaN(own.get(OUTS.length)[0]));
            } else {
                assertSame(sound.subList(i * VALUES, (i + 1) * VALUES), own, "tenant " + i);
            }
        }
    }

    private void nan(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        Arrays.fill(values, Float.NaN);
        backend.upload(tensor, values);
    }

    /** As where something was dropped: a part reads rows of its own and adds to rows of its own. */
    @Test
    void partsOverRowsOfTheirOwnHaveTheBitsOfOneAfterTheOther() {
        freeze(Precision.NF4);
        List<List<float[]>> results = new ArrayList<>();
        for (boolean together : new boolean[] {true, false}) {
            Pass pass = new Pass(COMPANY, true);
            List<Tensor> elsewhere = new ArrayList<>();
            pass.parts.replaceAll(part -> new LowRankRows(copy(part.x()), part.start(), part.pairs()));
            pass.gradients.replaceAll(of -> {
                elsewhere.add(backend.upload(new float[of.rows() * IN], of.rows(), IN));
                return new LowRankGradient(
                        elsewhere.getLast(),
                        of.dy(),
                        copy(of.x()),
                        of.a(),
                        of.b(),
                        of.aGradient(),
                        of.bGradient(),
                        SCALING);
            });
            List<float[]> values =
                    new ArrayList<>(together ? pass.together(Phase.TRAINING) : pass.oneAfterTheOther(Phase.TRAINING));
            elsewhere.forEach(tensor -> values.add(read(tensor)));
            results.add(values);
        }
        assertSame(results.getFirst(), results.getLast(), "bits");
    }

    private Tensor copy(Tensor rows) {
        return backend.upload(read(rows), rows.rows(), rows.columns());
    }

    /** Each layer is one product, forward and back, whoever has adapters in it. */
    @Test
    void outputsAreWrittenOnce() {
        freeze(Precision.NF4);
        Pass pass = new Pass(COMPANY, true);
        pass.together(Phase.TRAINING);
        var launches = backend.device().launches();
        assertEquals((long) OUTS.length, launches.get("product.product_adapted"));
        assertEquals(OUTS.length - 1L, launches.get("product.product_adapted_backward"));
        assertEquals(1L, launches.get("product.product_plain_plain"));
        assertEquals(0L, launches.getOrDefault("product.product_plain_transposed", 0L));
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual, String message) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), 0f, message + ", value " + i);
        }
    }
}
