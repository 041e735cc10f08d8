package io.livegraft.gpu.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.DoubleQuantization;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.Scales;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.TensorInfo;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A 4-bit weight in bitsandbytes' layout (QuantState.as_dict in its functional.py): {@code weight} holds the packed bytes
 * under whatever storage type, and named after it are
 * <pre>{@code
 *   .absmax             F32 (blocks), or U8 (blocks) when nested
 *   .quant_map          F32 (16)
 *   .nested_absmax      F32 (blocks / nested_blocksize, rounded up)      .nested_quant_map  F32 (256)
 *   .quant_state.bitsandbytes__nf4 (or __fp4)  U8, JSON; or its fields as tensors: .quant_type, .blocksize, .shape, …
 * }</pre>
 */
record BlockWeightTensors(WeightParts parts, QuantState state) implements BitsAndBytesTensors.StoredWeight {
    static final String ABSMAX = ".absmax";
    static final String MAP = ".quant_map";
    static final String NESTED_ABSMAX = ".nested_absmax";
    static final String NESTED_MAP = ".nested_quant_map";
    private static final Set<DType> STORAGE = Set.of(DType.U8, DType.BF16, DType.F16, DType.F32);
    private static final long MAX_JSON_BYTES = 65_536;
    private static final JsonMapper JSON = new JsonMapper();

    static List<String> partNames(String weight) {
        return Stream.concat(
                        Stream.of(ABSMAX, MAP, NESTED_ABSMAX, NESTED_MAP, state(Codebook.NF4), state(Codebook.FP4)),
                        QuantStateTensors.FIELDS.stream().map(field -> "." + field))
                .map(suffix -> weight + suffix)
                .toList();
    }

    static String state(Codebook codebook) {
        return ".quant_state.bitsandbytes__" + QuantState.quantType(codebook);
    }

    static BlockWeightTensors find(WeightParts parts, OpenWeights open) {
        BlockWeightTensors found = new BlockWeightTensors(parts, readState(parts, open));
        found.check();
        return found;
    }

    private static QuantState readState(WeightParts parts, OpenWeights open) {
        List<Codebook> packed = new ArrayList<>(List.of(Codebook.NF4, Codebook.FP4));
        packed.removeIf(codebook -> !parts.has(parts.weight() + state(codebook)));
        if (packed.isEmpty() && !parts.has(parts.weight() + ".quant_type")) {
            throw parts.refusal(parts.weight() + state(Codebook.NF4), "or __fp4 is missing");
        }
        if (packed.isEmpty()) {
            return QuantState.read(
                    QuantStateTensors.read(parts, open),
                    (field, expected) -> parts.refusal(parts.weight() + "." + field, "is not " + expected));
        }
        String name = parts.weight() + state(packed.getFirst());
        QuantState state = QuantState.read(
                json(parts, open, name),
                (field, expected) -> parts.refusal(name, "has a %s that is not %s".formatted(field, expected)));
        if (packed.size() > 1 || state.codebook() != packed.getFirst()) {
            throw parts.refusal(name, "says quant_type %s".formatted(QuantState.quantType(state.codebook())));
        }
        return state;
    }

    private static JsonNode json(WeightParts parts, OpenWeights open, String name) {
        TensorInfo info = parts.require(name);
        if (info.dtype() != DType.U8 || info.bytes() > MAX_JSON_BYTES) {
            throw parts.refusal(
                    name,
                    "is %s with %d bytes, expected U8 with at most %d"
                            .formatted(info.dtype(), info.bytes(), MAX_JSON_BYTES));
        }
        byte[] bytes = open.bytes(name).toArray(ValueLayout.JAVA_BYTE);
        try {
            return JSON.readTree(new String(bytes, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw parts.refusal(name, "is not valid JSON: " + e.getOriginalMessage());
        }
    }

    /** Types and sizes, from the headers alone. */
    private void check() {
        TensorInfo packed = parts.require(parts.weight());
        long bytes = Math.ceilDiv((long) rows() * columns(), 2);
        if (!STORAGE.contains(packed.dtype()) || packed.bytes() != bytes) {
            throw parts.refusal(
                    parts.weight(),
                    "is %s with %d bytes, expected U8, BF16, F16 or F32 with %d for its quant_state's shape [%d, %d]"
                            .formatted(packed.dtype(), packed.bytes(), bytes, rows(), columns()));
        }
        int blocks = Math.ceilDiv(rows() * columns(), state.blockSize());
        boolean nested = state.nested().isPresent();
        parts.check(parts.weight() + ABSMAX, nested ? DType.U8 : DType.F32, blocks);
        parts.check(parts.weight() + MAP, DType.F32, 16);
        state.nested().ifPresent(of -> {
            parts.check(parts.weight() + NESTED_ABSMAX, DType.F32, Math.ceilDiv(blocks, of.blockSize()));
            parts.check(parts.weight() + NESTED_MAP, DType.F32, 256);
        });
        for (String name : List.of(parts.weight() + NESTED_ABSMAX, parts.weight() + NESTED_MAP)) {
            if (!nested && parts.has(name)) {
                throw parts.refusal(name, "is there, but its quant_state has no nested_offset");
            }
        }
    }

    @Override
    public int rows() {
        return state.rows();
    }

    @Override
    public int columns() {
        return state.columns();
    }

    @Override
    public QuantizationFormat format() {
        return state.format();
    }

    @Override
    public DType dtype() {
        return state.dtype();
    }

    /** With the maps that the file has; a NaN in a typed storage is bytes like any other. */
    @Override
    public BlockTensor read(OpenWeights open) {
        byte[] packed = open.bytes(parts.weight()).toArray(ValueLayout.JAVA_BYTE);
        float[] levels = parts.finite(open, parts.weight() + MAP);
        return new BlockTensor(state.codebook(), levels, rows(), columns(), state.blockSize(), packed, scales(open));
    }

    private Scales scales(OpenWeights open) {
        String absMax = parts.weight() + ABSMAX;
        if (state.nested().isEmpty()) {
            return new Scales.Plain(parts.finite(open, absMax));
        }
        QuantState.Nested nested = state.nested().get();
        return new Scales.Nested(
                open.bytes(absMax).toArray(ValueLayout.JAVA_BYTE),
                parts.finite(open, parts.weight() + NESTED_ABSMAX),
                nested.blockSize(),
                nested.offset(),
                DoubleQuantization.shared(parts.finite(open, parts.weight() + NESTED_MAP)));
    }
}
