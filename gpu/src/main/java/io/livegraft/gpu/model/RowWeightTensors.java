package io.livegraft.gpu.model;

import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.TensorInfo;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * LLM.int8 (Linear8bitLt._save_to_state_dict in bitsandbytes' nn/modules.py): {@code weight} I8 (out, in) row by row, and of
 * the module {@code SCB} F32 (out) and {@code weight_format} U8, where only 0, the plain order, is known today.
 */
record RowWeightTensors(WeightParts parts, int rows, int columns) implements BitsAndBytesTensors.StoredWeight {
    static final String SCALES = "SCB";
    static final String FORMAT = "weight_format";

    static List<String> partNames(String weight) {
        return List.of(part(weight, SCALES), part(weight, FORMAT));
    }

    /** E.g. {@code model.layers.0.mlp.up_proj.SCB}. */
    static String part(String weight, String part) {
        return weight.substring(0, weight.lastIndexOf('.') + 1) + part;
    }

    static RowWeightTensors find(WeightParts parts, OpenWeights open) {
        TensorInfo weight = parts.require(parts.weight());
        List<Long> shape = weight.shape();
        if (weight.dtype() != DType.I8 || shape.size() != 2 || weight.elements() > Integer.MAX_VALUE - 8) {
            throw parts.refusal(
                    parts.weight(), "is %s of shape %s, expected I8 of a matrix".formatted(weight.dtype(), shape));
        }
        parts.check(part(parts.weight(), SCALES), DType.F32, shape.get(0));
        checkOrder(parts, open);
        return new RowWeightTensors(parts, shape.get(0).intValue(), shape.get(1).intValue());
    }

    @Override
    public QuantizationFormat format() {
        return new QuantizationFormat.Rows();
    }

    /** The file does not say; what Linear8bitLt computes in. */
    @Override
    public DType dtype() {
        return DType.F16;
    }

    private static void checkOrder(WeightParts parts, OpenWeights open) {
        String format = part(parts.weight(), FORMAT);
        if (parts.has(format)) {
            parts.check(format, DType.U8, 1);
            byte code = open.bytes(format).get(ValueLayout.JAVA_BYTE, 0);
            if (code != 0) {
                throw parts.refusal(format, "is %d, expected 0: rows in plain order".formatted(code));
            }
        }
    }

    @Override
    public RowTensor read(OpenWeights open) {
        byte[] values = open.bytes(parts.weight()).toArray(ValueLayout.JAVA_BYTE);
        return new RowTensor(rows, columns, values, parts.finite(open, part(parts.weight(), SCALES)));
    }
}
