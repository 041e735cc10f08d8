package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys and values in strips: near the reference, and the same bits whatever a query is computed with. */
@ParameterizedClass
@MethodSource("processors")
class StripAttentionTest {
    private static final int LENGTH = 150;
    /** More than eight pages. */
    private static final int LONG = 643;

    private static final int ALL = Integer.MAX_VALUE;

    /** Heads of queries and of keys, and their size; one group is larger than any kernel takes. */
    private record Shape(int heads, int kvHeads, int headDim, int window) {
        int width() {
            return heads * headDim;
        }

        int kvWidth() {
            return kvHeads * headDim;
        }
    }

    private static final List<Shape> SHAPES = List.of(
            new Shape(9, 3, 64, ALL),
            new Shape(3, 3, 48, ALL),
            new Shape(2, 1, 128, 37),
            new Shape(18, 1, 16, ALL),
            new Shape(6, 2, 48, 64),
            new Shape(2, 2, 64, 1));

    private final CpuKernels kernels;
    private final Backend one;
    private final Backend three;
    private final Backend reference = new ReferenceBackend();

    static Stream<TestedProcessor> processors() {
        return DistinctKernels.processors().filter(processor -> processor != TestedProcessor.NARROW);
    }

    StripAttentionTest(TestedProcessor processor) {
        this.kernels = processor.kernels();
        this.one = new VectorBackend(1, kernels);
        this.three = new VectorBackend(3, kernels);
    }

    @AfterEach
    void close() {
        one.close();
        three.close();
    }

    @Test
    void aPromptIsNearTheReference() {
        for (Shape shape : SHAPES) {
            float[] expected = prompt(reference, shape, LENGTH);
            float[] actual = prompt(three, shape, LENGTH);
            double largest = 0;
            for (float value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], actual[i], largest / 128, shape + ", element " + i);
            }
        }
    }

    @Test
    void aPromptHasTheSameBitsInPiecesOfAnyLengthAndAsAWholeSequence() {
        for (Shape shape : SHAPES) {
            float[] expected = prompt(one, shape, LENGTH);
            for (int piece : new int[] {1, 3, 16, 33, 64}) {
                assertArrayEquals(expected, prompt(three, shape, piece), 0f, shape + ", pieces of " + piece);
            }
            Tensor out = three.allocate(LENGTH, shape.width());
            three.attention(
                    out,
                    tensor(three, 1, shape.width()),
                    tensor(three, 2, shape.kvWidth()),
                    tensor(three, 3, shape.kvWidth()),
                    shape.headDim(),
                    shape.window(),
                    Arithmetic.BFLOAT16);
            assertArrayEquals(expected, Values.of(three, out), 0f, shape + ", whole");
        }
    }

    /** Every page used before, by something that is no number. */
    @Test
    void pagesThatLieHereAndThereAndWereUsedBeforeDontShow() {
        for (Shape shape : SHAPES) {
            float[] expected = prompt(one, shape, LENGTH);
            for (int piece : new int[] {1, 50, LENGTH}) {
                KvCache cache = new KvCache(
                        three.allocateKvPages(1, shape.kvHeads(), shape.headDim(), 5, 64, Arithmetic.BFLOAT16), LENGTH);
                KvCache before = new KvCache(cache.memory(), 5 * 64);
                IntStream.range(0, 5).forEach(before::add);
                float[] none = new float[5 * 64 * shape.kvWidth()];
                Arrays.fill(none, Float.NaN);
                Tensor spoiled = three.upload(none, 5 * 64, shape.kvWidth());
                three.appendKv(before, 0, spoiled, spoiled, 0);
                IntStream.of(3, 0, 4).forEach(cache::add);
                assertArrayEquals(expected, prompt(three, shape, cache, piece), 0f, shape + ", pieces of " + piece);
            }
        }
    }

    /** Pages of several groups, in and out of order; lengths that end in, at and behind a page's border. */
    @Test
    void stepsOverManyPagesHaveTheBitsOfOnePage() {
        for (Shape shape : SHAPES) {
            KvCache whole = one.allocateKvCache(1, shape.kvHeads(), shape.headDim(), LONG, Arithmetic.BFLOAT16);
            KvCache paged = new KvCache(
                    three.allocateKvPages(1, shape.kvHeads(), shape.headDim(), 19, 64, Arithmetic.BFLOAT16), LONG);
            IntStream.of(16, 17, 18, 7, 8, 9, 0, 2, 1, 15, 14).forEach(paged::add);
            float[] keys = TinyModel.gaussian(new Random(4), LONG * shape.kvWidth(), 1);
            float[] queries = TinyModel.gaussian(new Random(5), shape.width(), 1);
            for (int position = 0; position < LONG; position++) {
                float[] expected = step(one, shape, whole, keys, queries, position);
                float[] actual = step(three, shape, paged, keys, queries, position);
                assertArrayEquals(expected, actual, 0f, shape + ", position " + position);
            }
        }
    }

    private static float[] step(
            Backend backend, Shape shape, KvCache cache, float[] keys, float[] queries, int position) {
        int from = position * shape.kvWidth();
        Tensor k = backend.upload(Arrays.copyOfRange(keys, from, from + shape.kvWidth()), 1, shape.kvWidth());
        Tensor q = backend.upload(queries, 1, shape.width());
        Tensor out = backend.allocate(1, shape.width());
        backend.attention(out, q, k, k, List.of(cache), 0, new int[] {position}, shape.window());
        return Values.of(backend, out);
    }

    /** Sequence n is behind the others by 7n positions. */
    @Test
    void stepsOfSeveralSequencesHaveTheBitsOfAPrompt() {
        for (Shape shape : SHAPES) {
            float[] expected = prompt(one, shape, LENGTH);
            List<KvCache> caches = new ArrayList<>();
            int[] positions = new int[5];
            for (int n = 0; n < positions.length; n++) {
                caches.add(cache(three, shape));
                positions[n] = 7 * n;
                append(three, caches.get(n), shape, 0, 7 * n);
            }
            for (int step = 0; step < 100; step++) {
                Tensor out = three.allocate(positions.length, shape.width());
                three.attention(
                        out,
                        gathered(1, shape.width(), positions),
                        gathered(2, shape.kvWidth(), positions),
                        gathered(3, shape.kvWidth(), positions),
                        caches,
                        0,
                        positions,
                        shape.window());
                for (int n = 0; n < positions.length; n++) {
                    int from = positions[n]++ * shape.width();
                    assertArrayEquals(
                            Arrays.copyOfRange(expected, from, from + shape.width()),
                            Values.of(three, three.rows(out, n, 1)),
                            0f,
                            shape + ", sequence " + n + ", step " + step);
                }
            }
        }
    }

    @Test
    void tilesAndRegistersGiveTheSameBits() {
        assumeTrue(kernels.tiles().isPresent(), "no tiles");
        try (Backend registers = new VectorBackend(2, TestedProcessor.WITHOUT_BFLOAT16.kernels())) {
            for (Shape shape : SHAPES) {
                assertArrayEquals(prompt(registers, shape, 40), prompt(three, shape, LENGTH), 0f, shape.toString());
            }
        }
    }

    @Test
    void anyOtherHeadKeepsFloat32() {
        for (KvCache cache : List.of(
                one.allocateKvCache(1, 1, 40, 8, Arithmetic.BFLOAT16),
                one.allocateKvCache(1, 1, 64, 8, Arithmetic.FLOAT32))) {
            assertInstanceOf(FloatKvPages.class, cache.memory());
        }
    }

    @Test
    void aPositionBeyondTheCapacityIsRefused() {
        Shape shape = SHAPES.getFirst();
        KvCache cache = one.allocateKvCache(1, shape.kvHeads(), shape.headDim(), 4, Arithmetic.BFLOAT16);
        Tensor q = one.allocate(1, shape.width());
        Tensor k = one.allocate(1, shape.kvWidth());
        assertThrows(IllegalArgumentException.class, () -> one.appendKv(cache, 0, k, k, 4));
        assertThrows(
                IllegalArgumentException.class, () -> one.attention(q, q, k, k, List.of(cache), 0, new int[] {4}, ALL));
    }

    /** Attention of all queries, fed in pieces. */
    private static float[] prompt(Backend backend, Shape shape, int piece) {
        return prompt(backend, shape, cache(backend, shape), piece);
    }

    private static float[] prompt(Backend backend, Shape shape, KvCache cache, int piece) {
        Tensor out = backend.allocate(LENGTH, shape.width());
        Tensor q = tensor(backend, 1, shape.width());
        for (int from = 0; from < LENGTH; from += piece) {
            int count = Math.min(piece, LENGTH - from);
            append(backend, cache, shape, from, count);
            backend.attention(
                    backend.rows(out, from, count), backend.rows(q, from, count), cache, 0, from, shape.window());
        }
        return Values.of(backend, out);
    }

    private static KvCache cache(Backend backend, Shape shape) {
        return backend.allocateKvCache(1, shape.kvHeads(), shape.headDim(), LENGTH, Arithmetic.BFLOAT16);
    }

    private static void append(Backend backend, KvCache cache, Shape shape, int from, int count) {
        Tensor k = backend.rows(tensor(backend, 2, shape.kvWidth()), from, count);
        Tensor v = backend.rows(tensor(backend, 3, shape.kvWidth()), from, count);
        backend.appendKv(cache, 0, k, v, from);
    }

    private Tensor gathered(int seed, int columns, int[] positions) {
        Tensor rows = three.allocate(positions.length, columns);
        three.embed(rows, tensor(three, seed, columns), positions);
        return rows;
    }

    private static Tensor tensor(Backend backend, int seed, int columns) {
        return backend.upload(TinyModel.gaussian(new Random(seed), LENGTH * columns, 1), LENGTH, columns);
    }
}
