package io.livegraft.gpu.model;

import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Precision;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The weights of a checkpoint that bitsandbytes quantized, each with the tensors that it keeps beside them. Finding them
 * checks all types and sizes; everything amiss is refused by the tensor's name.
 *
 * @param weights by name, in the order they were asked for
 * @param parts names of the tensors beside them
 */
record BitsAndBytesTensors(SequencedMap<String, StoredWeight> weights, Set<String> parts) {
    /** One quantized weight (out, in). */
    sealed interface StoredWeight permits BlockWeightTensors, RowWeightTensors {
        int rows();

        int columns();

        QuantizationFormat format();

        /** What it was before. */
        DType dtype();

        QuantizedTensor read(OpenWeights open);
    }

    /** Those among {@code names} that are quantized; the others are left alone. */
    static BitsAndBytesTensors find(Path base, WeightFiles files, Collection<String> names) {
        SequencedMap<String, StoredWeight> weights = new LinkedHashMap<>();
        Set<String> parts = new HashSet<>();
        try (OpenWeights open = new OpenWeights(files)) {
            for (String name : names) {
                WeightParts blocks = WeightParts.of(base, files, name, BlockWeightTensors.partNames(name));
                WeightParts rows = WeightParts.of(base, files, name, RowWeightTensors.partNames(name));
                if (!blocks.present().isEmpty() && !rows.present().isEmpty()) {
                    throw rows.refusal(rows.present().first(), "is of 8 bits, but of 4 is " + blocks.present());
                }
                if (!blocks.present().isEmpty() || (rows.present().isEmpty() && blocks.is(DType.U8))) {
                    weights.put(name, BlockWeightTensors.find(blocks, open));
                } else if (!rows.present().isEmpty() || rows.is(DType.I8)) {
                    weights.put(name, RowWeightTensors.find(rows, open));
                }
                parts.addAll(blocks.present());
                parts.addAll(rows.present());
            }
        }
        return new BitsAndBytesTensors(weights, parts);
    }

    Optional<List<Long>> shape(String name) {
        return Optional.ofNullable(weights.get(name))
                .map(weight -> List.of((long) weight.rows(), (long) weight.columns()));
    }

    Optional<DType> dtype(String name) {
        return Optional.ofNullable(weights.get(name)).map(StoredWeight::dtype);
    }

    /** Of the first of them. */
    Optional<Precision> precision() {
        return weights.values().stream()
                .map(weight -> weight.format().precision())
                .findFirst();
    }

    Optional<QuantizedTensor> read(WeightFiles files, String name) {
        try (OpenWeights open = new OpenWeights(files)) {
            return Optional.ofNullable(weights.get(name)).map(weight -> weight.read(open));
        }
    }
}
