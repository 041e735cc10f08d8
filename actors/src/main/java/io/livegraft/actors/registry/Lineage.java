package io.livegraft.actors.registry;

import com.google.protobuf.Message;
import io.livegraft.proto.checkpoint.PublishManifest;
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
 * @param labels of the records that were trained, held out or skipped: accepted, rejected, corrections and so on
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
        SortedMap<String, Long> labels,
        long epoch) {

    static Lineage of(PublishManifest manifest) {
        return new Lineage(
                manifest.getBaseDigest(),
                manifest.getConfigDigest(),
                manifest.getCheckpointDigest(),
                manifest.getTopic(),
                manifest.getSeed(),
                manifest.getProfile(),
                counts(manifest.getCounters()),
                counts(manifest.getLabels()),
                manifest.getEpoch());
    }

    private static SortedMap<String, Long> counts(Message fields) {
        SortedMap<String, Long> counts = new TreeMap<>();
        fields.getAllFields().forEach((field, count) -> counts.put(field.getName(), (Long) count));
        return counts;
    }
}
