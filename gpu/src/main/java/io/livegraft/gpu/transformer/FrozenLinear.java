package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Precision;
import java.util.Optional;

/**
 * Loads a linear weight of a base that stays as it is. One that is stored quantized keeps its very bits or is dequantized,
 * but never quantized again; beside such weights, one that was left out of the quantization stays as it is stored, too.
 */
final class FrozenLinear {
    private FrozenLinear() {}

    static LinearWeight load(Backend backend, ModelDirectory base, String name, Precision precision) {
        if (!precision.quantized()) {
            return backend.freeze(base.tensor(name), precision);
        }
        Optional<QuantizedTensor> stored = base.quantizedTensor(name);
        if (stored.isPresent()) {
            requireAsStored(base, precision);
            return backend.freeze(stored.get());
        }
        return backend.freeze(base.tensor(name), base.quantized() ? dense(base.dtype(name)) : precision);
    }

    /** NF4 is asked for by that name whether its scales are quantized, too, or not. */
    private static void requireAsStored(ModelDirectory base, Precision asked) {
        Precision stored = base.precision();
        boolean eitherNf4 = asked == Precision.NF4 && stored == Precision.NF4_SINGLE;
        if (stored != asked && !eitherNf4) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "precision is %s, but base %s is stored as %s: expected that, bf16 or fp32, since it is not quantized twice"
                            .formatted(asked, base.path(), stored));
        }
    }

    /** F16 has no precision of its own. */
    private static Precision dense(DType dtype) {
        return dtype == DType.BF16 ? Precision.BF16 : Precision.FP32;
    }
}
