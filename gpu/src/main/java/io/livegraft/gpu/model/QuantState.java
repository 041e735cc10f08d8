package io.livegraft.gpu.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.Scales;
import io.livegraft.gpu.safetensors.DType;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * What bitsandbytes says of a 4-bit weight beside its tensors, as JSON (QuantState.as_dict in its functional.py).
 *
 * @param rows and columns of the weight
 * @param dtype what the weight was before: F32, BF16 or F16
 * @param nested of double-quantized scales
 */
record QuantState(Codebook codebook, int blockSize, DType dtype, int rows, int columns, Optional<Nested> nested) {
    /** Scales per second-level scale, and the mean that was taken off. */
    record Nested(int blockSize, float offset) {}

    private static final JsonMapper JSON = new JsonMapper();

    /** Longer than the JSON of any weight: a float takes at most 24 characters. */
    static final int JSON_BYTES = 256;

    /**
     * Reads the fields by their names.
     *
     * @param refusal makes the exception from a field's name and what was expected of it
     */
    static QuantState read(JsonNode fields, BiFunction<String, String, RuntimeException> refusal) {
        int blockSize = fields.path("blocksize").asInt(0);
        if (!BlockTensor.isBlockSize(blockSize)) {
            throw refusal.apply("blocksize", BlockTensor.blockSizes());
        }
        JsonNode shape = fields.path("shape");
        int rows = shape.path(0).asInt(0);
        int columns = shape.path(1).asInt(0);
        if (shape.size() != 2 || rows < 1 || columns < 1 || (long) rows * columns > Integer.MAX_VALUE - 8) {
            throw refusal.apply("shape", "[rows, columns] of a matrix");
        }
        Codebook codebook =
                switch (fields.path("quant_type").asText()) {
                    case "nf4" -> Codebook.NF4;
                    case "fp4" -> Codebook.FP4;
                    default -> throw refusal.apply("quant_type", "\"nf4\" or \"fp4\"");
                };
        DType dtype =
                switch (fields.path("dtype").asText("float32")) {
                    case "float32" -> DType.F32;
                    case "bfloat16" -> DType.BF16;
                    case "float16" -> DType.F16;
                    default -> throw refusal.apply("dtype", "\"float32\", \"bfloat16\" or \"float16\"");
                };
        return new QuantState(codebook, blockSize, dtype, rows, columns, nested(fields, refusal));
    }

    private static Optional<Nested> nested(JsonNode fields, BiFunction<String, String, RuntimeException> refusal) {
        if (!fields.hasNonNull("nested_blocksize") && !fields.hasNonNull("nested_offset")) {
            return Optional.empty();
        }
        int blockSize = fields.path("nested_blocksize").asInt(0);
        if (!BlockTensor.isBlockSize(blockSize)) {
            throw refusal.apply("nested_blocksize", BlockTensor.blockSizes());
        }
        float offset = fields.path("nested_offset").floatValue();
        if (!fields.path("nested_offset").isNumber() || !Float.isFinite(offset)) {
            throw refusal.apply("nested_offset", "a finite number");
        }
        if (!fields.path("nested_dtype").asText("float32").equals("float32")) {
            throw refusal.apply("nested_dtype", "\"float32\"");
        }
        return Optional.of(new Nested(blockSize, offset));
    }

    static QuantState of(BlockTensor tensor, DType dtype) {
        Optional<Nested> nested =
                switch (tensor.scales()) {
                    case Scales.Plain plain -> Optional.empty();
                    case Scales.Nested scales -> Optional.of(new Nested(scales.nestedBlock(), scales.offset()));
                };
        return new QuantState(tensor.codebook(), tensor.blockSize(), dtype, tensor.rows(), tensor.columns(), nested);
    }

    /** As JSON of {@link #JSON_BYTES} bytes, spaces at its end: where the next tensor begins is known before the offset is. */
    byte[] json() throws JsonProcessingException {
        ObjectNode fields = JSON.createObjectNode();
        fields.put("quant_type", quantType(codebook));
        fields.put("blocksize", blockSize);
        fields.put("dtype", torchName(dtype));
        fields.putArray("shape").add(rows).add(columns);
        nested.ifPresent(of -> {
            fields.put("nested_blocksize", of.blockSize());
            fields.put("nested_dtype", "float32");
            fields.put("nested_offset", (double) of.offset());
        });
        return "%%-%ds"
                .formatted(JSON_BYTES)
                .formatted(JSON.writeValueAsString(fields))
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String torchName(DType dtype) {
        return switch (dtype) {
            case BF16 -> "bfloat16";
            case F16 -> "float16";
            default -> "float32";
        };
    }

    /** As checkpoints spell a codebook. */
    static String quantType(Codebook codebook) {
        return codebook.name().toLowerCase(Locale.ROOT);
    }

    QuantizationFormat format() {
        return new QuantizationFormat.Blocks(codebook, blockSize, nested.isPresent());
    }
}
