package io.livegraft.gpu.model;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.TensorInfo;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A weight of a model directory and the tensors that may belong to it.
 *
 * @param base the directory
 * @param tensors all of the checkpoint
 * @param present those of the weight's companions that are there
 */
record WeightParts(Path base, String weight, Map<String, TensorInfo> tensors, SortedSet<String> present) {
    static WeightParts of(Path base, WeightFiles files, String weight, Collection<String> possible) {
        SortedSet<String> present = new TreeSet<>(possible);
        present.retainAll(files.tensors().keySet());
        return new WeightParts(base, weight, files.tensors(), present);
    }

    boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** Whether the weight itself is there in that type. */
    boolean is(DType dtype) {
        TensorInfo info = tensors.get(weight);
        return info != null && info.dtype() == dtype;
    }

    TensorInfo require(String name) {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw refusal(
                    name, present.isEmpty() ? "is missing beside " + weight : "is missing, but there is " + present);
        }
        return info;
    }

    /** Refuses a tensor of another type or number of elements. */
    void check(String name, DType dtype, long elements) {
        TensorInfo info = require(name);
        if (info.dtype() != dtype || info.elements() != elements) {
            throw refusal(
                    name,
                    "is %s of shape %s, expected %s with %d elements"
                            .formatted(info.dtype(), info.shape(), dtype, elements));
        }
    }

    /** A copy as float32; refuses what is not finite. */
    float[] finite(OpenWeights open, String name) {
        float[] values = open.read(name).values();
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw refusal(name, "has %s at %d, expected finite values".formatted(values[i], i));
            }
        }
        return values;
    }

    LivegraftException refusal(String name, String what) {
        return new LivegraftException(
                ErrorCode.INVALID_MODEL, "model directory %s tensor '%s' %s".formatted(base, name, what));
    }
}
