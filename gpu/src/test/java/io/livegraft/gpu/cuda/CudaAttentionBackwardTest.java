package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.TwinBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of attention on the device are near the reference's, and a sequence's are its own. */
class CudaAttentionBackwardTest {
    private static final int ALL = Integer.MAX_VALUE;

    private record Shape(Arithmetic arithmetic, int heads, int kvHeads, int dim, int window, int... lengths) {
        int rows() {
            return Arrays.stream(lengths).sum();
        }
    }

    private static List<Shape> shapes() {
        return List.of(
                new Shape(Arithmetic.BFLOAT16, 9, 3, 64, ALL, 67, 13),
                new Shape(Arithmetic.BFLOAT16, 2, 1, 128, 37, 150),
                new Shape(Arithmetic.BFLOAT16, 18, 1, 14, ALL, 41),
                new Shape(Arithmetic.BFLOAT16, 3, 3, 34, 1, 5, 1, 61),
                new Shape(Arithmetic.BFLOAT16, 1, 1, 64, 530, 601),
                new Shape(Arithmetic.FLOAT32, 6, 3, 6, ALL, 40, 31),
                new Shape(Arithmetic.FLOAT32, 5, 1, 34, 20, 71),
                new Shape(Arithmetic.FLOAT32, 3, 3, 96, ALL, 67),
                new Shape(Arithmetic.BFLOAT16, 2, 1, 160, 33, 67));
    }

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
    void gradientsAreNearTheReference(Shape shape) {
        List<float[]> expected = gradients(new ReferenceBackend(), shape, shape.lengths());
        List<float[]> actual = gradients(device, shape, shape.lengths());
        double largest = largest(expected);
        double tolerance = shape.arithmetic() == Arithmetic.FLOAT32 ? 1e-6 : 0x1p-7;
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), (float) (largest * tolerance), "gradient " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aSequenceHasTheSameBitsBesideOthers(Shape shape) {
        int first = shape.rows() / 3;
        List<float[]> alone = gradients(device, shape, first);
        List<float[]> together = gradients(device, shape, first, shape.rows() - first);
        for (int i = 0; i < alone.size(); i++) {
            assertArrayEquals(alone.get(i), Arrays.copyOf(together.get(i), alone.get(i).length), 0f);
        }
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void anyOrderOfThreadsGivesTheSameBits(FiberOrder order) {
        for (Shape shape : shapes()) {
            if (shape.rows() < 200) {
                List<float[]> expected = gradients(device, shape, shape.lengths());
                StandInDriver.order(order, 7);
                List<float[]> actual = gradients(device, shape, shape.lengths());
                StandInDriver.order(FiberOrder.FORWARD, 1);
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), actual.get(i), 0f, shape.toString());
                }
            }
        }
    }

    @Test
    void everyOperationInFloat32IsATwin() {
        Backend both = new TwinBackend(new ReferenceBackend(), device).both();
        for (int[] heads : new int[][] {{1, 1, 2}, {6, 3, 6}, {5, 1, 34}}) {
            for (int window : new int[] {1, 7, ALL}) {
                gradients(both, new Shape(Arithmetic.FLOAT32, heads[0], heads[1], heads[2], window, 31, 40), 31, 40);
            }
        }
    }

    /** dq, dk and dv. */
    private static List<float[]> gradients(Backend backend, Shape shape, int... lengths) {
        Random random = new Random(3);
        Tensor[] tensors = new Tensor[7];
        for (int i = 0; i < tensors.length; i++) {
            int columns = shape.dim() * (i == 0 || i == 3 || i == 4 ? shape.heads() : shape.kvHeads());
            float[] values = TinyModel.gaussian(random, shape.rows() * columns, 1);
            tensors[i] = backend.rows(
                    backend.upload(values, shape.rows(), columns),
                    0,
                    Arrays.stream(lengths).sum());
        }
        backend.attentionBackward(
                tensors[0],
                tensors[1],
                tensors[2],
                tensors[3],
                tensors[4],
                tensors[5],
                tensors[6],
                lengths,
                shape.dim(),
                shape.window(),
                shape.arithmetic());
        return Arrays.stream(tensors)
                .limit(3)
                .map(tensor -> values(backend, tensor))
                .toList();
    }

    private static float[] values(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    private static double largest(List<float[]> all) {
        double largest = 0;
        for (float[] values : all) {
            for (float value : values) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        return largest;
    }
}
