package io.livegraft.gpu.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.DoubleQuantization;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the device quantizes is what the host's quantizer would have left there, byte for byte. */
class CudaQuantizerTest {
    /** Shapes with blocks within rows and across them, short last blocks, and more than one piece of the staging buffer. */
    private static final int[][] SHAPES = {
        {1, 1}, {1, 63}, {3, 64}, {37, 43}, {17, 192}, {131, 67}, {5, 4099}, {401, 523}, {271, 576}
    };

    private CudaDevice device;
    private CudaWeights weights;

    @BeforeEach
    void open() {
        device = StandIn.device();
        weights = new CudaWeights(device, new CudaRounding(device));
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FP32", "BF16"})
    void weightsOfEveryShapeHaveTheHostsBytes(Precision precision) {
        for (int[] shape : SHAPES) {
            assertHostsBytes(HostTensor.matrix(shape[0], shape[1], odd(shape[0] * shape[1])), precision);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FP32", "BF16"})
    void valuesOnAndBesideEveryThresholdHaveTheHostsBytes(Precision precision) {
        float[] values = besideThresholds();
        assertHostsBytes(HostTensor.matrix(1, values.length, values), precision);
        StandIn.inEveryOrder(_ -> assertHostsBytes(HostTensor.matrix(values.length / 64, 64, values), precision));
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FP32", "BF16"})
    void whatIsNotFiniteIsRefusedInTheHostsWords(Precision precision) {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (int place : new int[] {0, 777, 401 * 523 - 1}) {
                float[] values = TinyModel.gaussian(new Random(3), 401 * 523, 1);
                values[place] = value;
                HostTensor weight = HostTensor.matrix(401, 523, values);
                LivegraftException host = assertThrows(LivegraftException.class, () -> QuantizationFormat.of(precision)
                        .quantize(weight));
                LivegraftException card =
                        assertThrows(LivegraftException.class, () -> weights.freeze(weight, precision));
                assertEquals(host.getMessage(), card.getMessage());
                assertEquals(host.code(), card.code());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FP32"})
    void aLargeWeightIsNeverOnTheDeviceInFloat32AsAWhole(Precision precision) {
        HostTensor weight = HostTensor.matrix(1024, 1536, TinyModel.gaussian(new Random(9), 1024 * 1536, 1));
        long before = device.memory().peakBytes();
        CudaWeight frozen = weights.freeze(weight, precision);
        long room = device.memory().peakBytes() - before - frozen.bytes();
        assertTrue(room <= 4 << 20, room + " bytes beside the weight, which has 6 MiB in float32");
    }

    @Test
    void midpointsOfTheMapTellTheNearestEntry() {
        float[] map = DoubleQuantization.map();
        float[] midpoints = DoubleQuantization.midpoints();
        assertEquals(255, midpoints.length);
        for (int i = 0; i < midpoints.length; i++) {
            assertTrue(map[i] < midpoints[i] && midpoints[i] < map[i + 1], "midpoint " + i);
        }
    }

    private void assertHostsBytes(HostTensor weight, Precision precision) {
        List<byte[]> expected =
                bytes(weights.freeze(QuantizationFormat.of(precision).quantize(weight)));
        List<byte[]> actual = bytes(weights.freeze(weight, precision));
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "%s, part %d".formatted(weight.shape(), i));
        }
    }

    private List<byte[]> bytes(CudaWeight weight) {
        int rows = weight.outputFeatures();
        int columns = weight.inputFeatures();
        List<byte[]> parts = new ArrayList<>();
        switch (weight) {
            case CudaWeight.Rows some -> {
                parts.add(read(some.tiles(), CudaTiles.bytes(rows, columns, CudaWeights.EIGHT_BIT_TILE)));
                parts.add(read(some.scales(), 4L * rows));
            }
            case CudaWeight.Blocks some -> {
                parts.add(read(some.tiles(), CudaTiles.bytes(rows, columns, CudaWeights.FOUR_BIT_TILE)));
                parts.add(read(some.levels(), 64));
                int blocks = Math.ceilDiv(rows * columns, 64);
                Optional<CudaWeight.Nested> nested = some.scales().nested();
                int scales = some.scales().ordered() ? Math.ceilDiv(rows, 16) * 16 * (columns / 64) : blocks;
                parts.add(read(some.scales().values(), scales * (nested.isPresent() ? 1L : 4L)));
                parts.add("%s, %d values a scale"
                        .formatted(some.scales().ordered(), 1 << some.scales().blockShift())
                        .getBytes(UTF_8));
                nested.ifPresent(outer -> {
                    parts.add(read(outer.scales(), 4L * Math.ceilDiv(blocks, 256)));
                    parts.add(read(outer.map(), 1024));
                    parts.add(Float.toHexString(outer.offset()).getBytes(UTF_8));
                    assertEquals(8, outer.shift());
                });
            }
            case CudaWeight.Fp32 _, CudaWeight.Bf16 _ -> throw new AssertionError("a quantized weight is expected");
        }
        return parts;
    }

    private byte[] read(MemoryBlock block, long bytes) {
        byte[] out = new byte[Math.toIntExact(bytes)];
        device.download(MemorySegment.ofArray(out), block.address());
        return out;
    }

    /** Normal values in blocks of very different sizes: zeros of both signs, denormals, the largest floats. */
    private static float[] odd(int count) {
        float[] values = TinyModel.gaussian(new Random(count), count, 1);
        float[] factors = {1, 0, -0f, 1e-20f, 1e-37f, 1e-38f, 1e-40f, Float.MIN_VALUE, 1e30f, 5e37f, 0.02f};
        for (int i = 0; i < count; i++) {
            values[i] *= factors[i / 61 % factors.length];
            if (i % 97 == 5) {
                values[i] = i % 2 == 0 ? Float.MAX_VALUE : -0f;
            }
        }
        return values;
    }

    /** Blocks whose largest magnitude is 1 or 0.75, and between the ends every threshold and its neighbours of both signs. */
    private static float[] besideThresholds() {
        List<Float> values = new ArrayList<>();
        for (float scale : new float[] {1, 0.75f}) {
            for (Codebook codebook : Codebook.values()) {
                for (float threshold : codebook.thresholds()) {
                    for (float sign : new float[] {1, -1}) {
                        float value = sign * Math.clamp(threshold, -1, 1) * scale;
                        for (float one : new float[] {value, Math.nextUp(value), Math.nextDown(value)}) {
                            values.add(Math.clamp(one, -scale, scale));
                        }
                    }
                    if (values.size() % 64 > 56) {
                        while (values.size() % 64 != 0) {
                            values.add(values.size() % 2 == 0 ? scale : -scale);
                        }
                    }
                }
            }
            values.addAll(Arrays.asList(0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, scale, -scale));
            while (values.size() % 64 != 0) {
                values.add(scale);
            }
        }
        float[] out = new float[values.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = values.get(i);
        }
        return out;
    }
}
