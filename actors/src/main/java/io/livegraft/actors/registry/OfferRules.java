package io.livegraft.actors.registry;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Which offers of one tenant are accepted: compare-and-set on the line of offers, by whoever has its partition now.
 *
 * <p>An offer must have grown from the offer decided last, whether that one was published, held or refused, so a rollback or a
 * hold never breaks the line. One that was decided before is no error, whoever repeats it: the same log prefix gives the same
 * digest (law 1). Everything else must come from the base that is served, from known settings and from no lower epoch than the
 * highest seen.
 */
record OfferRules(String tenant, String baseDigest, String configDigest, SigningKey key) {

    RegistryDecision register(RegistryState state, long epoch, Instant now) {
        if (epoch < state.epoch()) {
            return stale(state, epoch);
        }
        return state.registered() && epoch == state.epoch()
                ? new RegistryDecision.Answer(new AdapterRegistry.Done(state.image()))
                : RegistryDecision.accept(new AdapterEvent.Registered(now, epoch));
    }

    RegistryDecision publish(RegistryState state, PublishManifest manifest, EvaluationReport evaluation, Instant now) {
        return obstacle(state, manifest).orElseGet(() -> {
            AdapterVersion version = Manifests.signed(
                    tenant, AdapterVersion.next(state.image(), state.numbers() + 1, manifest, evaluation, now), key);
            boolean held = state.image().held();
            return new RegistryDecision.Accept(
                    new AdapterEvent.Published(now, version, held), held ? Optional.empty() : Optional.of(manifest));
        });
    }

    RegistryDecision refuse(RegistryState state, PublishManifest manifest, String reason, Instant now) {
        return obstacle(state, manifest)
                .orElseGet(() -> RegistryDecision.accept(new AdapterEvent.OfferRefused(
                        now,
                        manifest.getAdapterDigest(),
                        manifest.getParentDigest(),
                        manifest.getConfigDigest(),
                        manifest.getEpoch(),
                        reason)));
    }

    /** Once: a line begun before a crash is answered as it is. */
    RegistryDecision beginLine(RegistryState state, AdapterRegistry.BeginLine line, Instant now) {
        if (line.offset() <= state.lineOffset()) {
            return new RegistryDecision.Answer(new AdapterRegistry.Done(state.image()));
        }
        if (line.epoch() < state.epoch()) {
            return stale(state, line.epoch());
        }
        List<Integer> dropped = state.image().versions().stream()
                .filter(version -> line.droppedFrom().isPresent()
                        && version.offset() >= line.droppedFrom().getAsLong()
                        && !version.digest().equals(line.digest()))
                .map(AdapterVersion::number)
                .toList();
        return RegistryDecision.accept(new AdapterEvent.LineBegun(
                now, line.action(), line.offset(), dropped, line.principal(), line.reason()));
    }

    private Optional<RegistryDecision> obstacle(RegistryState state, PublishManifest manifest) {
        if (!manifest.getTenant().equals(tenant)) {
            return refused(
                    RefusalReason.TENANT_FOREIGN,
                    "the adapter offered to %s belongs to %s".formatted(tenant, manifest.getTenant()));
        }
        if (!manifest.getBaseDigest().equals(baseDigest)) {
            return refused(
                    RefusalReason.BASE_FOREIGN,
                    "the adapter of %s was trained on base %s, but base %s is served"
                            .formatted(tenant, manifest.getBaseDigest(), baseDigest));
        }
        if (manifest.getLineOffset() != state.lineOffset()) {
            return refused(
                    RefusalReason.LINE_STALE,
                    "the adapter of %s is stale: it belongs to the line from offset %d, but the line from offset %d is the current one"
                            .formatted(tenant, manifest.getLineOffset(), state.lineOffset()));
        }
        if (state.decided().contains(manifest.getAdapterDigest())) {
            return Optional.of(new RegistryDecision.Answer(new AdapterRegistry.AlreadyDecided(state.image())));
        }
        if (manifest.getEpoch() < state.epoch()) {
            return Optional.of(stale(state, manifest.getEpoch()));
        }
        if (!state.head().isEmpty() && !manifest.getParentDigest().equals(state.head())) {
            return refused(
                    RefusalReason.PARENT_STALE,
                    "the adapter of %s is stale: it grew from '%s', but the last one offered was '%s'"
                            .formatted(tenant, manifest.getParentDigest(), state.head()));
        }
        return foreignConfiguration(state, manifest);
    }

    /** The settings of the offer before it are fine too: it may have been made just before they changed. */
    private Optional<RegistryDecision> foreignConfiguration(RegistryState state, PublishManifest manifest) {
        String made = manifest.getConfigDigest();
        return made.equals(configDigest)
                        || made.equals(state.configDigest())
                        || state.head().isEmpty()
                ? Optional.empty()
                : refused(
                        RefusalReason.CONFIG_FOREIGN,
                        "the adapter of %s was made with settings %s, expected %s or, as the one before, %s"
                                .formatted(tenant, made, configDigest, state.configDigest()));
    }

    private RegistryDecision stale(RegistryState state, long epoch) {
        return RegistryDecision.refuse(
                RefusalReason.EPOCH_STALE,
                "epoch %d of %s is over: its partition was given away again and has epoch %d now"
                        .formatted(epoch, tenant, state.epoch()));
    }

    private static Optional<RegistryDecision> refused(RefusalReason reason, String message) {
        return Optional.of(RegistryDecision.refuse(reason, message));
    }
}
