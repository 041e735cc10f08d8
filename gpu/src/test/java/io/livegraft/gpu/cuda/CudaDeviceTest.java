package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Launches, copies and graphs of a device, with a kernel of the test's own. */
class CudaDeviceTest {
    private static final int COUNT = 1021;
    private static final String GATHER = """
            #include "livegraft.cuh"
            // target[i] += factor * source[ids[i]]
            KERNEL(gather, float* target, const float* source, const int* ids, float factor, int count) {
                int i = int(blockIdx.x * blockDim.x + threadIdx.x);
                if (i < count) {
                    target[i] += factor * source[ids[i]];
                }
            }
            """;

    @TempDir
    private Path sources;

    @BeforeEach
    void write() throws IOException {
        Files.writeString(sources.resolve("gather.cu"), GATHER);
    }

    @Test
    void aLaunchSeesItsArgumentsAndWhatWasQueuedBeforeIt() {
        try (CudaDevice device = StandIn.device(sources)) {
            CudaTensor target = tensor(device, values(1));
            CudaTensor source = tensor(device, values(2));
            gather(device, target, source, backwards(), 3);
            gather(device, target, source, backwards(), -1);
            float[] expected = values(1);
            for (int i = 0; i < COUNT; i++) {
                expected[i] = expected[i] + 3 * values(2)[COUNT - 1 - i] - values(2)[COUNT - 1 - i];
            }
            assertArrayEquals(expected, read(device, target));
            assertEquals(2, device.launches().get("gather.gather"));
        }
    }

    @Test
    void aStepThatComesAgainIsOneGraphAndReadsWhatIsNewInIt() {
        try (CudaDevice device = StandIn.device(sources)) {
            CudaTensor source = tensor(device, values(2));
            CudaTensor target = device.workspaces().own(1, COUNT, DeviceMemory.Use.TENSORS);
            for (int step = 0; step < 5; step++) {
                int shift = step;
                int[] ids =
                        IntStream.range(0, COUNT).map(i -> (i + shift) % COUNT).toArray();
                float[] seen;
                try (var _ = device.queue().repeated()) {
                    device.queue().fill(target.address(), COUNT, 0);
                    gather(device, target, source, ids, 1);
                    gather(device, target, source, ids, 1);
                    seen = read(device, target);
                }
                for (int i = 0; i < COUNT; i++) {
                    assertEquals(2 * values(2)[(i + shift) % COUNT], seen[i]);
                }
            }
            assertEquals(4, device.queue().replays());
            assertEquals(4, device.launches().get("gather.gather"), "twice by itself, twice captured");
        }
    }

    @Test
    void metadataThatDoesNotFitAnyMoreWaitsForItsReadersAndBeginsAnew() {
        try (CudaDevice device = StandIn.device(sources)) {
            CudaTensor source = tensor(device, values(2));
            CudaTensor target = tensor(device, new float[COUNT]);
            int times = 2 * (1 << 20) / (4 * COUNT);
            for (int i = 0; i < times; i++) {
                gather(device, target, source, backwards(), 1);
            }
            assertEquals(times * values(2)[COUNT - 1], read(device, target)[0]);
        }
    }

    @Test
    void copiesLargerThanTheStagingBufferAreWhole() {
        try (CudaDevice device = StandIn.device(sources)) {
            float[] many = new float[(1 << 20) + 7];
            for (int i = 0; i < many.length; i++) {
                many[i] = i;
            }
            CudaTensor tensor = device.workspaces().own(1, many.length, DeviceMemory.Use.TENSORS);
            device.upload(tensor.address(), MemorySegment.ofArray(many));
            assertArrayEquals(many, read(device, tensor));
        }
    }

    @Test
    void anotherThreadMayGoOnWhereOneStopped() {
        try (CudaDevice device = StandIn.device(sources)) {
            CudaTensor target = tensor(device, new float[COUNT]);
            CudaTensor source = tensor(device, values(2));
            CompletableFuture.runAsync(() -> gather(device, target, source, backwards(), 1))
                    .join();
            assertEquals(values(2)[0], read(device, target)[COUNT - 1]);
        }
    }

    @Test
    void aRefusedLaunchNamesTheKernelItsShapeAndTheCode() {
        try (CudaDevice device = StandIn.device(sources)) {
            CudaTensor tensor = tensor(device, new float[COUNT]);
            CudaKernel kernel = gatherArguments(device, tensor, tensor, backwards(), 1);
            CudaException refused = assertThrows(CudaException.class, () -> kernel.launch(1, 2048));
            assertEquals("gather", refused.operation());
            assertTrue(refused.shapes().contains("2048 threads"), refused::toString);
            assertEquals(1, refused.code().value());
        }
    }

    private static void gather(CudaDevice device, CudaTensor target, CudaTensor source, int[] ids, float factor) {
        gatherArguments(device, target, source, ids, factor).launch(Math.ceilDiv(COUNT, 256), 256);
    }

    private static CudaKernel gatherArguments(
            CudaDevice device, CudaTensor target, CudaTensor source, int[] ids, float factor) {
        return device.kernel("gather", "gather")
                .arguments()
                .tensor(target)
                .tensor(source)
                .address(device.ints(ids))
                .number(factor)
                .integer(COUNT);
    }

    private static int[] backwards() {
        return IntStream.range(0, COUNT).map(i -> COUNT - 1 - i).toArray();
    }

    private static float[] values(int step) {
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = i * step % 31;
        }
        return values;
    }

    private static CudaTensor tensor(CudaDevice device, float[] values) {
        CudaTensor tensor = device.workspaces().own(1, values.length, DeviceMemory.Use.TENSORS);
        device.upload(tensor.address(), MemorySegment.ofArray(values));
        return tensor;
    }

    private static float[] read(CudaDevice device, CudaTensor tensor) {
        float[] values = new float[tensor.columns()];
        device.download(MemorySegment.ofArray(values), tensor.address());
        return values;
    }
}
