package io.livegraft.actors.registry;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.proto.checkpoint.Counters;
import io.livegraft.proto.checkpoint.LabelCounts;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Offers of one tenant's line: {@code d1}, {@code d2} grown from it, and so on. */
record TestingOffers(String tenant) {
    static final EvaluationReport PASSED = new EvaluationReport(
            OptionalDouble.of(5),
            OptionalDouble.empty(),
            OptionalDouble.of(2),
            8,
            80,
            true,
            "passed",
            Optional.empty());

    static final SigningKey KEY = SigningKey.generate();

    static RegistrySettings settings(DatabaseSettings database) {
        return new RegistrySettings(
                16,
                256,
                4,
                100,
                Duration.ofMinutes(1),
                Duration.ofMillis(50),
                database,
                new SigningSettings(Optional.empty(), List.of()));
    }

    PublishManifest offer(int number) {
        return offer("d" + number, number == 1 ? "" : "d" + (number - 1));
    }

    PublishManifest offer(String digest, String parent) {
        return PublishManifest.newBuilder()
                .setTenant(tenant)
                .setBaseDigest("base")
                .setConfigDigest("config")
                .setAdapterDigest(digest)
                .setParentDigest(parent)
                .setCheckpointDigest(digest.replace('d', 'c'))
                .setCounters(Counters.newBuilder().setTrained(8))
                .setLabels(LabelCounts.newBuilder().setAccepted(8))
                .setSeed(17)
                .setProfile("cpu")
                .setEpoch(1)
                .setTopic("feedback")
                .setStep(4)
                .setPartition(1)
                .setOffset(40)
                .build();
    }
}
