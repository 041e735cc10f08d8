package io.livegraft.actors.registry;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.livegraft.proto.checkpoint.Counters;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a version was made of and by, beside its parent and its offset: enough to make it again.
 *
 * @param baseDigest of the base it was trained on
 * @param configDigest of everything that decides the bits besides base and log
 * @param checkpointDigest of the trainer's state with the same adapter; empty where another state was saved since
 * @param seed of the fresh adapter and of the draws
 * @param profile backend, kernels' version and precision that computed it
 * @param records how many records of its log became what: trained, held_out, skipped and so on
 * @param epoch of the assignment of its partition that offered it
 */
public record Lineage(
        String baseDigest,
        String configDigest,
        String checkpointDigest,
        String topic,
        long seed,
        String profile,
        SortedMap<String, Long> records,
        long epoch) {

    static Lineage of(PublishManifest manifest) {
        return new Lineage(
                manifest.getBaseDigest(),
                manifest.getConfigDigest(),
                manifest.getCheckpointDigest(),
                manifest.getTopic(),
                manifest.getSeed(),
                manifest.getProfile(),
                records(manifest.getCounters()),
                manifest.getEpoch());
    }

    private static SortedMap<String, Long> records(Counters counters) {
        SortedMap<String, Long> records = new TreeMap<>();
        for (Map.Entry<FieldDescriptor, Object> counter :
                counters.getAllFields().entrySet()) {
            records.put(counter.getKey().getName(), (Long) counter.getValue());
        }
        return records;
    }
}
