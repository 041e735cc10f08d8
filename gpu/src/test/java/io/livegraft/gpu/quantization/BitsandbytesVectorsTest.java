package io.livegraft.gpu.quantization;

import java.io.IOException;
import java.security.NoSuchAlgorithmException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Byte for byte what bitsandbytes makes of the same weights: {@link BitsandbytesVectors}. */
class BitsandbytesVectorsTest {
    @TestFactory
    Stream<DynamicTest> blocksAreTheSameBytes() throws IOException {
        return BitsandbytesVectors.blocks().stream()
                .map(vector -> DynamicTest.dynamicTest(vector.name(), () -> {
                    BlockTensor plain = vector.quantized(false);
                    vector.assertBytes("packed", plain.packed());
                    vector.assertBytes("absmax", BitsandbytesVectors.bytes(((Scales.Plain) plain.scales()).values()));
                    vector.assertBytes(
                            "decoded",
                            BitsandbytesVectors.bytes(plain.dequantize().values()));
                    BlockTensor nested = vector.quantized(true);
                    Scales.Nested scales = (Scales.Nested) nested.scales();
                    vector.assertBytes("packed", nested.packed());
                    vector.assertBytes("codes", scales.codes());
                    vector.assertBytes("nestedAbsmax", BitsandbytesVectors.bytes(scales.nested()));
                    vector.assertBytes("offset", BitsandbytesVectors.bytes(scales.offset()));
                    vector.assertBytes(
                            "nestedDecoded",
                            BitsandbytesVectors.bytes(nested.dequantize().values()));
                }));
    }

    @TestFactory
    Stream<DynamicTest> rowsAreTheSameBytes() throws IOException {
        return BitsandbytesVectors.rows().stream()
                .map(vector -> DynamicTest.dynamicTest(vector.name(), () -> {
                    RowTensor rows = RowTensor.quantize(vector.weight());
                    vector.assertBytes("values", rows.values());
                    vector.assertBytes("scb", BitsandbytesVectors.bytes(rows.scales()));
                    vector.assertBytes(
                            "decoded",
                            BitsandbytesVectors.bytes(rows.dequantize().values()));
                }));
    }

    @Test
    void theDynamicMapIsTheSameBytes() throws IOException, NoSuchAlgorithmException {
        BitsandbytesVectors.whole().assertBytes("dynamicMap", BitsandbytesVectors.bytes(DoubleQuantization.map()));
    }
}
