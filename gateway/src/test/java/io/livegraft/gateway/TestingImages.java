package io.livegraft.gateway;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.HistoryEntry;
import io.livegraft.actors.registry.Lineage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Images of the tenant {@code support}. */
final class TestingImages {
    private static final Instant NOON = Instant.parse("2026-05-01T12:00:00Z");

    private static final Lineage LINEAGE = new Lineage(
            "base",
            "config",
            "checkpoint",
            "feedback",
            17,
            "cpu/fp32",
            new TreeMap<>(Map.of("trained", 200L)),
            new TreeMap<>(Map.of("accepted", 150L, "corrections", 50L)),
            3);

    private TestingImages() {}

    /** Serves 7, which grew from 6; both are retained. */
    static AdapterImage support() {
        return new AdapterImage(
                "support",
                9,
                List.of(version(6, "digest6", "digest5"), version(7, "digest7", "digest6")),
                7,
                OptionalInt.of(6),
                OptionalInt.empty(),
                false,
                List.of(new HistoryEntry(1, NOON, "publish", 7, "trainer", "held-out loss fell")));
    }

    static AdapterImage serving(AdapterImage image, int version, boolean held) {
        return new AdapterImage(
                image.tenant(),
                image.revision() + 1,
                image.versions(),
                version,
                OptionalInt.of(image.serving()),
                image.candidate(),
                held,
                image.history());
    }

    private static AdapterVersion version(int number, String digest, String parent) {
        var report = new EvaluationReport(
                OptionalDouble.of(3.5),
                OptionalDouble.empty(),
                OptionalDouble.of(1.25),
                20,
                400,
                true,
                "lower than the parent's",
                Optional.of(new EvaluationReport.General(2.0, OptionalDouble.empty(), 2.25, 16)));
        return new AdapterVersion(number, digest, parent, 12, 3, 240, report, NOON, LINEAGE, "", Optional.empty());
    }
}
