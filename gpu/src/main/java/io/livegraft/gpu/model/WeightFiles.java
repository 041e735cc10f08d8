package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.safetensors.SafetensorsFile;
import io.livegraft.gpu.safetensors.TensorInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;

/**
 * Which file holds which tensor: one {@code model.safetensors}, or shards named by an index.
 *
 * @param files those that hold tensors, and the index where there is one
 * @param fileByTensor of all tensors that the files hold
 */
record WeightFiles(List<Path> files, Map<String, Path> fileByTensor, Map<String, TensorInfo> tensors) {
    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    /** Without either file: no files and no tensors, a base that is yet to be trained. */
    static WeightFiles find(Path dir) {
        if (Files.exists(dir.resolve(SINGLE))) {
            return single(dir.resolve(SINGLE));
        }
        return Files.exists(dir.resolve(INDEX))
                ? sharded(dir, JsonFile.read(dir.resolve(INDEX)))
                : new WeightFiles(List.of(), Map.of(), Map.of());
    }

    private static WeightFiles single(Path file) {
        Map<String, Path> fileByTensor = new LinkedHashMap<>();
        SequencedMap<String, TensorInfo> tensors = tensorsOf(file);
        tensors.keySet().forEach(name -> fileByTensor.put(name, file));
        return new WeightFiles(List.of(file), fileByTensor, tensors);
    }

    private static WeightFiles sharded(Path dir, JsonFile index) {
        JsonNode weightMap = index.get("weight_map");
        if (!weightMap.isObject()) {
            throw index.unexpected("weight_map", "an object from tensor names to file names");
        }
        Map<String, Path> fileByTensor = new LinkedHashMap<>();
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        Map<Path, SequencedMap<String, TensorInfo>> shards = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
            Path shard = shard(dir, index, entry.getKey(), entry.getValue().asText());
            TensorInfo info =
                    shards.computeIfAbsent(shard, WeightFiles::tensorsOf).get(entry.getKey());
            if (info == null) {
                throw new LivegraftException(
                        ErrorCode.INVALID_MODEL,
                        "%s says that tensor '%s' is in %s, but it is not there"
                                .formatted(index.file(), entry.getKey(), shard.getFileName()));
            }
            fileByTensor.put(entry.getKey(), shard);
            tensors.put(entry.getKey(), info);
        }
        TreeSet<Path> files = new TreeSet<>(shards.keySet());
        files.add(index.file());
        return new WeightFiles(List.copyOf(files), fileByTensor, tensors);
    }

    private static Path shard(Path dir, JsonFile index, String tensor, String fileName) {
        boolean plainName = fileName.matches("[A-Za-z0-9][A-Za-z0-9._-]*");
        if (!plainName || !Files.isRegularFile(dir.resolve(fileName))) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "%s says that tensor '%s' is in '%s', but there is no such file in that directory"
                            .formatted(index.file(), tensor, fileName));
        }
        return dir.resolve(fileName);
    }

    private static SequencedMap<String, TensorInfo> tensorsOf(Path file) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            return new LinkedHashMap<>(opened.tensors());
        }
    }
}
