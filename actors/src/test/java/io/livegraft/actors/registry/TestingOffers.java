package io.livegraft.actors.registry;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.util.OptionalDouble;

/** Offers of one tenant's line: {@code d1}, {@code d2} grown from it, and so on. */
record TestingOffers(String tenant) {
    static final EvaluationReport PASSED = new EvaluationReport(
            OptionalDouble.of(5), OptionalDouble.empty(), OptionalDouble.of(2), 8, 80, true, "passed");

    PublishManifest offer(int number) {
        return offer("d" + number, number == 1 ? "" : "d" + (number - 1));
    }

    PublishManifest offer(String digest, String parent) {
        return PublishManifest.newBuilder()
                .setTenant(tenant)
                .setBaseDigest("base")
                .setAdapterDigest(digest)
                .setParentDigest(parent)
                .setStep(4)
                .setPartition(1)
                .setOffset(40)
                .build();
    }
}
