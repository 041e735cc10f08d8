package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.model.HashedBase;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every family against an independent forward pass: another language, another author's formulas, float64; only its results
 * are here (resources families/SOURCE.txt). Sequences are longer than windows and than the length before rotary scaling.
 */
class FamilyParityTest {
    private static final JsonNode EXPECTED = read();
    private static final int[] TOKENS = new JsonMapper().convertValue(EXPECTED.get("tokens"), int[].class);

    @TempDir
    Path dir;

    private final Backend backend = new VectorBackend(2);

    @AfterEach
    void close() {
        backend.close();
    }

    static Stream<Arguments> bases() {
        return EXPECTED.get("cases").valueStream().flatMap(one -> Stream.of(DType.F32, DType.F16, DType.BF16)
                .flatMap(dtype -> Stream.of(
                        Arguments.of(one.get("name").textValue(), dtype, false),
                        Arguments.of(one.get("name").textValue(), dtype, true))));
    }

    @ParameterizedTest
    @MethodSource("bases")
    void logitsAndLossAreTheIndependentOnes(String name, DType dtype, boolean sharded) {
        Transformer transformer = transformer(name, dtype, sharded);
        JsonNode expected = one(name).get("expected").get(dtype.name());
        float[][] logits = whole(transformer);
        JsonNode last = expected.get("last_logits");
        for (int row = 0; row < last.size(); row++) {
            double[] independent = new JsonMapper().convertValue(last.get(row), double[].class);
            float[] ours = logits[TOKENS.length - last.size() + row];
            assertEquals(independent.length, ours.length);
            for (int v = 0; v < ours.length; v++) {
                assertEquals(independent[v], ours[v], 1e-4, "logit " + v);
            }
        }
        assertEquals(expected.get("mean_nll").doubleValue(), meanNll(logits), 1e-5);
    }

    static Stream<String> names() {
        return EXPECTED.get("cases").valueStream().map(one -> one.get("name").textValue());
    }

    @ParameterizedTest
    @MethodSource("names")
    void tokenByTokenThroughTheCacheHasTheBitsOfTheWholeSequence(String name) {
        Transformer transformer = transformer(name, DType.F32, false);
        float[][] whole = whole(transformer);
        for (int prefill : new int[] {1, 9, 30}) {
            KvCache cache = transformer.allocateKvCache(TOKENS.length);
            int fed = 0;
            while (fed < TOKENS.length) {
                int count = fed == 0 ? prefill : 1;
                int[] ids = Arrays.copyOfRange(TOKENS, fed, fed + count);
                float[][] logits = logits(
                        transformer,
                        fed == 0
                                ? Segment.prefill(ids, 0, cache, Optional.empty())
                                : Segment.decode(ids[0], fed, cache, Optional.empty()));
                for (int row = 0; row < count; row++) {
                    assertArrayEquals(whole[fed + row], logits[row], 0f, "position " + (fed + row));
                }
                fed += count;
            }
        }
    }

    private Transformer transformer(String name, DType dtype, boolean sharded) {
        Path base = HashedBase.write(dir.resolve(name), one(name).get("config"), dtype, sharded);
        return new Transformer(backend, TransformerWeights.frozen(backend, ModelDirectory.open(base), Precision.FP32));
    }

    private static JsonNode one(String name) {
        return EXPECTED.get("cases")
                .valueStream()
                .filter(one -> one.get("name").textValue().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private float[][] whole(Transformer transformer) {
        return logits(transformer, Segment.whole(TOKENS, Optional.empty(), OptionalLong.empty()));
    }

    private float[][] logits(Transformer transformer, Segment segment) {
        Tensor logits = transformer.logits(transformer.infer(List.of(segment)).hidden(), segment.phase());
        float[][] rows = new float[logits.rows()][logits.columns()];
        for (int n = 0; n < rows.length; n++) {
            backend.download(rows[n], backend.rows(logits, n, 1));
        }
        return rows;
    }

    private double meanNll(float[][] logits) {
        int scored = TOKENS.length - 1;
        double sum = 0;
        for (int n = 0; n < scored; n++) {
            Tensor row = backend.upload(logits[n], 1, logits[n].length);
            sum += backend.crossEntropy(row, new int[] {TOKENS[n + 1]}, 0)[0];
        }
        return sum / scored;
    }

    private static JsonNode read() {
        try (InputStream in =
                Objects.requireNonNull(FamilyParityTest.class.getResourceAsStream("/families/expected.json"))) {
            return new JsonMapper().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
