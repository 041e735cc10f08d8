package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WeightCopiesTest {
    private static final int ROWS = 67;
    private static final int COLUMNS = 131;

    @Test
    void aProductHasTheSameBitsWithACopyAndWithoutAndACopyIsGivenUpWhenMemoryIsShort() {
        try (CudaBackend backend = StandIn.backend()) {
            Random random = new Random(1);
            HostTensor values = HostTensor.matrix(ROWS, COLUMNS, TinyModel.gaussian(random, ROWS * COLUMNS, 1));
            LinearWeight weight = backend.freeze(values, Precision.NF4);
            Tensor x = backend.upload(TinyModel.gaussian(random, 13 * COLUMNS, 1), 13, COLUMNS);
            float[] first = product(backend, weight, x);
            long dequantized = launches(backend);
            float[] second = product(backend, weight, x);
            assertEquals(dequantized, launches(backend), "the copy is there");
            DeviceMemory memory = backend.device().memory();
            assertThrows(CudaException.class, () -> memory.allocate(memory.bytes(), Use.TENSORS));
            float[] third = product(backend, weight, x);
            assertTrue(launches(backend) > dequantized, "the copy was given up");
            assertArrayEquals(first, second);
            assertArrayEquals(first, third);
        }
    }

    private static long launches(CudaBackend backend) {
        return backend.device().launches().getOrDefault("weight.dequantize_4bit", 0L);
    }

    private static float[] product(CudaBackend backend, LinearWeight weight, Tensor x) {
        Tensor y = backend.allocateUnset(x.rows(), ROWS);
        backend.linear(y, x, weight, Phase.TRAINING);
        float[] values = new float[x.rows() * ROWS];
        backend.download(values, y);
        return values;
    }
}
