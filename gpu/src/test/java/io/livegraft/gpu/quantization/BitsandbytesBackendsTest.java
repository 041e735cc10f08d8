package io.livegraft.gpu.quantization;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.cuda.StandIn;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What a backend makes of a quantized weight decodes to the very bytes of bitsandbytes: {@link BitsandbytesVectors}. */
class BitsandbytesBackendsTest {
    private record Opened(String name, Supplier<Backend> backend) {}

    private static Stream<Opened> backends() {
        return Stream.concat(
                Stream.of(KernelChoice.values())
                        .map(kernels -> new Opened("cpu " + kernels, () -> new VectorBackend(2, kernels.kernels()))),
                Stream.of(new Opened("cuda", StandIn::backend)));
    }

    @TestFactory
    Stream<DynamicTest> blocksDecodeToTheSameBytes() throws IOException {
        return onEach(BitsandbytesVectors.blocks(), (vector, backend) -> {
            vector.assertBytes("decoded", decoded(backend, vector.quantized(false)));
            vector.assertBytes("nestedDecoded", decoded(backend, vector.quantized(true)));
        });
    }

    @TestFactory
    Stream<DynamicTest> rowsDecodeToTheSameBytes() throws IOException {
        return onEach(
                BitsandbytesVectors.rows(),
                (vector, backend) ->
                        vector.assertBytes("decoded", decoded(backend, RowTensor.quantize(vector.weight()))));
    }

    private interface Check {
        void run(BitsandbytesVectors vector, Backend backend) throws Exception;
    }

    private static Stream<DynamicTest> onEach(List<BitsandbytesVectors> vectors, Check check) {
        return vectors.stream().flatMap(vector -> backends()
                .map(opened -> DynamicTest.dynamicTest(opened.name() + ", " + vector.name(), () -> {
                    try (Backend backend = opened.backend().get()) {
                        check.run(vector, backend);
                    }
                })));
    }

    private static byte[] decoded(Backend backend, QuantizedTensor weight) {
        int[] rows = IntStream.range(0, weight.rows()).toArray();
        Tensor values = backend.allocateUnset(weight.rows(), weight.columns());
        backend.embed(values, backend.freeze(weight), rows);
        float[] decoded = new float[weight.rows() * weight.columns()];
        backend.download(decoded, values);
        return BitsandbytesVectors.bytes(decoded);
    }
}
