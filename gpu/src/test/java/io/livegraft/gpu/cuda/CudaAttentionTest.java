package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.TwinBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention on the device is near the reference, and has the same bits whatever a query is computed with. */
class CudaAttentionTest {
    private static final int ALL = Integer.MAX_VALUE;

    /** Heads of queries and of keys, their size, the window, and positions: some are longer than a stretch of keys. */
    private record Shape(Arithmetic arithmetic, int heads, int kvHeads, int dim, int window, int length) {
        int width() {
            return heads * dim;
        }

        int kvWidth() {
            return kvHeads * dim;
        }
    }

    private static List<Shape> shapes() {
        return List.of(
                new Shape(Arithmetic.BFLOAT16, 9, 3, 64, ALL, 150),
                new Shape(Arithmetic.BFLOAT16, 2, 1, 128, 37, 150),
                new Shape(Arithmetic.BFLOAT16, 18, 1, 14, ALL, 101),
                new Shape(Arithmetic.BFLOAT16, 3, 3, 34, 1, 67),
                new Shape(Arithmetic.BFLOAT16, 1, 1, 64, ALL, 1100),
                new Shape(Arithmetic.BFLOAT16, 1, 1, 96, 530, 1100),
                new Shape(Arithmetic.FLOAT32, 6, 3, 6, ALL, 101),
                new Shape(Arithmetic.FLOAT32, 5, 1, 34, 20, 71),
                new Shape(Arithmetic.FLOAT32, 3, 3, 96, ALL, 67),
                new Shape(Arithmetic.BFLOAT16, 2, 1, 160, 33, 67));
    }

    private final Backend reference = new ReferenceBackend();
    private Backend device;

    @BeforeEach
    void open() {
        device = StandIn.backend();
    }

    @AfterEach
    void close() {
        device.close();
        StandInDriver.order(FiberOrder.FORWARD, 1);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aPromptIsNearTheReference(Shape shape) {
        float[] expected = prompt(reference, shape, shape.length());
        assertNear(expected, prompt(device, shape, shape.length()), shape.arithmetic());
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aPromptHasTheSameBitsInPiecesOfAnyLengthAndAsAWholeSequence(Shape shape) {
        float[] expected = prompt(device, shape, shape.length());
        for (int piece : new int[] {1, 33, 64}) {
            if (shape.length() / piece < 200) {
                assertArrayEquals(expected, prompt(device, shape, piece), 0f, "pieces of " + piece);
            }
        }
        assertArrayEquals(expected, whole(device, shape, new int[] {shape.length()}), 0f, "whole");
    }

    /** Pages that lie here and there, a prompt in pieces, then single tokens. */
    @ParameterizedTest
    @MethodSource("shapes")
    void pagesDontShow(Shape shape) {
        if (shape.length() < 200) {
            float[] expected = prompt(device, shape, shape.length());
            for (int piece : new int[] {1, 50, shape.length()}) {
                KvPages pages = device.allocateKvPages(1, shape.kvHeads(), shape.dim(), 5, 64, shape.arithmetic());
                KvCache cache = new KvCache(pages, shape.length());
                IntStream.of(3, 0, 4, 1).limit(Math.ceilDiv(shape.length(), 64)).forEach(cache::add);
                assertArrayEquals(expected, prompt(device, shape, cache, piece), 0f, "pieces of " + piece);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aSequenceHasTheSameBitsBesideOthers(Shape shape) {
        int first = shape.length() / 3;
        float[] packed = whole(device, shape, new int[] {first, shape.length() - first});
        float[] alone = whole(device, shape, new int[] {first});
        assertArrayEquals(alone, Arrays.copyOf(packed, alone.length), 0f);
        float[] near = whole(reference, shape, new int[] {first, shape.length() - first});
        assertNear(near, packed, shape.arithmetic());
    }

    /** Sequence n is behind the others by 7n positions. */
    @ParameterizedTest
    @MethodSource("shapes")
    void stepsOfSeveralSequencesHaveTheBitsOfAPrompt(Shape shape) {
        float[] expected = prompt(device, shape, shape.length());
        List<KvCache> caches = new ArrayList<>();
        int[] positions = new int[3];
        int begin = Math.max(0, shape.length() - 60);
        for (int n = 0; n < positions.length; n++) {
            caches.add(cache(device, shape));
            positions[n] = n == 0 ? 0 : begin + 7 * n;
            append(device, caches.get(n), shape, 0, positions[n]);
        }
        for (int step = 0; step < 40; step++) {
            Tensor out = device.allocate(positions.length, shape.width());
            device.attention(
                    out,
                    gathered(1, shape, shape.width(), positions),
                    gathered(2, shape, shape.kvWidth(), positions),
                    gathered(3, shape, shape.kvWidth(), positions),
                    caches,
                    0,
                    positions,
                    shape.window());
            float[] actual = values(device, out);
            for (int n = 0; n < positions.length; n++) {
                int width = shape.width();
                int from = positions[n]++ * width;
                assertArrayEquals(
                        Arrays.copyOfRange(expected, from, from + width),
                        Arrays.copyOfRange(actual, n * width, (n + 1) * width),
                        0f,
                        "sequence " + n + ", step " + step);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void anyOrderOfThreadsGivesTheSameBits(FiberOrder order) {
        for (Shape shape : shapes()) {
            if (shape.length() < 200) {
                float[] expected = prompt(device, shape, 67);
                StandInDriver.order(order, 7);
                assertArrayEquals(expected, prompt(device, shape, 67), 0f, shape.toString());
                StandInDriver.order(FiberOrder.FORWARD, 1);
            }
        }
    }

    /** What the law is worth: a block of keys that a row doesn't see, and that changes its last bit. */
    @Test
    void aFactorThatIsOneButForItsRoundingWouldBeSeen(@TempDir Path sources) throws IOException {
        try (Stream<Path> files = Files.list(HostCompiler.KERNELS)) {
            for (Path file : files.toList()) {
                String text = Files.readString(file);
                String mutant = text.replace(
                        "largest == state.max[half] ? 1.0f : fast_exp2((state.max[half] - largest) * factor)",
                        "fast_exp2(fmaf(state.max[half], factor, -base))");
                assertEquals(file.endsWith("attention_bf16.cuh"), !mutant.equals(text), file.toString());
                Files.writeString(sources.resolve(file.getFileName()), mutant);
            }
        }
        Shape shape = shapes().getFirst();
        try (Backend broken = new CudaBackend(StandIn.device(sources))) {
            float[] expected = prompt(broken, shape, shape.length());
            assertNear(expected, prompt(device, shape, shape.length()), shape.arithmetic());
            assertFalse(Arrays.equals(expected, prompt(broken, shape, 1)));
        }
    }

    @Test
    void everyOperationInFloat32IsATwin() {
        Random random = new Random(1);
        for (int[] heads : new int[][] {{1, 1, 2}, {6, 3, 6}, {5, 1, 34}, {3, 3, 14}}) {
            Backend both = new TwinBackend(new ReferenceBackend(), device).both();
            for (int window : new int[] {1, 7, ALL}) {
                KvCache cache = both.allocateKvCache(2, heads[1], heads[2], 31, Arithmetic.FLOAT32);
                int position = 0;
                for (int count : new int[] {17, 1, 11}) {
                    Tensor k = random(both, random, count, heads[1] * heads[2]);
                    both.appendKv(cache, 1, k, random(both, random, count, heads[1] * heads[2]), position);
                    Tensor q = random(both, random, count, heads[0] * heads[2]);
                    both.attention(both.allocate(count, heads[0] * heads[2]), q, cache, 1, position, window);
                    position += count;
                }
            }
        }
    }

    @Test
    void aPositionBeyondTheCapacityIsRefused() {
        KvCache cache = device.allocateKvCache(1, 1, 64, 4, Arithmetic.BFLOAT16);
        Tensor row = device.allocate(1, 64);
        assertEquals(2 * 4 * 64 * 2, cache.bytes());
        assertThrows(IllegalArgumentException.class, () -> device.appendKv(cache, 0, row, row, 4));
        assertThrows(
                IllegalArgumentException.class,
                () -> device.attention(row, row, row, row, List.of(cache), 0, new int[] {4}, ALL));
    }

    /** Attention of all queries, fed in pieces. */
    private static float[] prompt(Backend backend, Shape shape, int piece) {
        return prompt(backend, shape, cache(backend, shape), piece);
    }

    private static float[] prompt(Backend backend, Shape shape, KvCache cache, int piece) {
        Tensor out = backend.allocate(shape.length(), shape.width());
        Tensor q = tensor(backend, 1, shape, shape.width());
        for (int from = 0; from < shape.length(); from += piece) {
            int count = Math.min(piece, shape.length() - from);
            append(backend, cache, shape, from, count);
            backend.attention(
                    backend.rows(out, from, count), backend.rows(q, from, count), cache, 0, from, shape.window());
        }
        return values(backend, out);
    }

    private static float[] whole(Backend backend, Shape shape, int[] lengths) {
        int rows = Arrays.stream(lengths).sum();
        Tensor out = backend.allocate(rows, shape.width());
        backend.attention(
                out,
                backend.rows(tensor(backend, 1, shape, shape.width()), 0, rows),
                backend.rows(tensor(backend, 2, shape, shape.kvWidth()), 0, rows),
                backend.rows(tensor(backend, 3, shape, shape.kvWidth()), 0, rows),
                lengths,
                shape.dim(),
                shape.window(),
                shape.arithmetic());
        return values(backend, out);
    }

    private static KvCache cache(Backend backend, Shape shape) {
        return backend.allocateKvCache(1, shape.kvHeads(), shape.dim(), shape.length(), shape.arithmetic());
    }

    private static void append(Backend backend, KvCache cache, Shape shape, int from, int count) {
        Tensor k = backend.rows(tensor(backend, 2, shape, shape.kvWidth()), from, count);
        Tensor v = backend.rows(tensor(backend, 3, shape, shape.kvWidth()), from, count);
        backend.appendKv(cache, 0, k, v, from);
    }

    private Tensor gathered(int seed, Shape shape, int columns, int[] positions) {
        Tensor rows = device.allocate(positions.length, columns);
        device.embed(rows, tensor(device, seed, shape, columns), positions);
        return rows;
    }

    private static Tensor tensor(Backend backend, int seed, Shape shape, int columns) {
        return random(backend, new Random(seed), shape.length(), columns);
    }

    private static Tensor random(Backend backend, Random random, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns);
    }

    private static float[] values(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    /** Rounding both operands to bfloat16 costs a product 2⁻⁷ of its size at most. */
    private static void assertNear(float[] expected, float[] actual, Arithmetic arithmetic) {
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        double tolerance = arithmetic == Arithmetic.FLOAT32 ? 1e-6 : 0x1p-7;
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], largest * tolerance, "element " + i);
        }
    }
}
