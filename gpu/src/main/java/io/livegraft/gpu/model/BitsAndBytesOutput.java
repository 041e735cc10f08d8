package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.DoubleQuantization;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.quantization.Scales;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.SafetensorsLayout.Spec;
import io.livegraft.gpu.safetensors.SafetensorsOutput;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Quantized weights as the tensors that {@link BlockWeightTensors} and {@link RowWeightTensors} read. */
final class BitsAndBytesOutput {
    private BitsAndBytesOutput() {}

    /** Types and shapes of all tensors of one weight. */
    static Map<String, Spec> specs(String weight, List<Integer> shape, QuantizationFormat format) {
        long rows = shape.get(0);
        long columns = shape.get(1);
        return switch (format) {
            case QuantizationFormat.Blocks blocks -> blockSpecs(weight, rows * columns, blocks);
            case QuantizationFormat.Rows r ->
                Map.of(
                        weight,
                        new Spec(DType.I8, List.of(rows, columns)),
                        RowWeightTensors.part(weight, RowWeightTensors.SCALES),
                        new Spec(DType.F32, List.of(rows)),
                        RowWeightTensors.part(weight, RowWeightTensors.FORMAT),
                        new Spec(DType.U8, List.of()));
        };
    }

    private static Map<String, Spec> blockSpecs(String weight, long elements, QuantizationFormat.Blocks format) {
        long blocks = Math.ceilDiv(elements, format.blockSize());
        DType scale = format.doubleQuantization() ? DType.U8 : DType.F32;
        Map<String, Spec> specs = new LinkedHashMap<>();
        specs.put(weight, new Spec(DType.U8, List.of(Math.ceilDiv(elements, 2L), 1L)));
        specs.put(weight + BlockWeightTensors.ABSMAX, new Spec(scale, List.of(blocks)));
        specs.put(weight + BlockWeightTensors.MAP, new Spec(DType.F32, List.of(16L)));
        specs.put(weight + BlockWeightTensors.state(format.codebook()), new Spec(DType.U8, List.of((long)
                QuantState.JSON_BYTES)));
        if (format.doubleQuantization()) {
            specs.put(weight + BlockWeightTensors.NESTED_ABSMAX, new Spec(DType.F32, List.of(Math.ceilDiv(blocks, (long)
                    DoubleQuantization.BLOCK))));
            specs.put(weight + BlockWeightTensors.NESTED_MAP, new Spec(DType.F32, List.of(256L)));
        }
        return specs;
    }

    static void put(SafetensorsOutput output, String weight, QuantizedTensor tensor, DType dtype) throws IOException {
        switch (tensor) {
            case BlockTensor blocks -> putBlocks(output, weight, blocks, dtype);
            case RowTensor rows -> {
                output.put(weight, MemorySegment.ofArray(rows.values()));
                output.put(RowWeightTensors.part(weight, RowWeightTensors.SCALES), floats(rows.scales()));
                output.put(RowWeightTensors.part(weight, RowWeightTensors.FORMAT), MemorySegment.ofArray(new byte[1]));
            }
        }
    }

    private static void putBlocks(SafetensorsOutput output, String weight, BlockTensor tensor, DType dtype)
            throws IOException {
        output.put(weight, MemorySegment.ofArray(tensor.packed()));
        output.put(weight + BlockWeightTensors.MAP, floats(tensor.levels()));
        output.put(
                weight + BlockWeightTensors.state(tensor.codebook()),
                MemorySegment.ofArray(QuantState.of(tensor, dtype).json()));
        switch (tensor.scales()) {
            case Scales.Plain(var values) -> output.put(weight + BlockWeightTensors.ABSMAX, floats(values));
            case Scales.Nested nested -> {
                output.put(weight + BlockWeightTensors.ABSMAX, MemorySegment.ofArray(nested.codes()));
                output.put(weight + BlockWeightTensors.NESTED_ABSMAX, floats(nested.nested()));
                output.put(weight + BlockWeightTensors.NESTED_MAP, floats(nested.map()));
            }
        }
    }

    private static MemorySegment floats(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return MemorySegment.ofBuffer(bytes);
    }

    /** Sets {@code quantization_config} (transformers' BitsAndBytesConfig); computations are in the base's own type. */
    static void describe(ObjectNode config, QuantizationFormat format) {
        String dtype = config.path("dtype").asText(config.path("torch_dtype").asText("float32"));
        ObjectNode quantization = config.putObject("quantization_config");
        quantization.put("quant_method", "bitsandbytes");
        quantization.put("load_in_4bit", format instanceof QuantizationFormat.Blocks);
        quantization.put("load_in_8bit", format instanceof QuantizationFormat.Rows);
        switch (format) {
            case QuantizationFormat.Blocks blocks -> {
                quantization.put("bnb_4bit_quant_type", quantType(blocks.codebook()));
                quantization.put("bnb_4bit_use_double_quant", blocks.doubleQuantization());
                quantization.put("bnb_4bit_compute_dtype", dtype);
                quantization.put("bnb_4bit_quant_storage", "uint8");
            }
            case QuantizationFormat.Rows rows -> quantization.put("llm_int8_threshold", 6.0);
        }
        quantization.putArray("llm_int8_skip_modules").add("lm_head");
    }

    private static String quantType(Codebook codebook) {
        return switch (codebook) {
            case NF4, FP4 -> QuantState.quantType(codebook);
            case INT4 -> throw new IllegalArgumentException("checkpoints have no INT4, expected NF4, FP4 or rows");
        };
    }
}
