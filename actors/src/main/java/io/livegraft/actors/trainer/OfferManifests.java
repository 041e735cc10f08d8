package io.livegraft.actors.trainer;

import io.livegraft.proto.checkpoint.PublishManifest;

/** What one tenant's offers say of themselves; the one place that says so. */
record OfferManifests(TrainingBasis basis, String tenant, int partition) {
    /**
     * As it is kept in checkpoints: a function of the log.
     *
     * @param adapterDigest of the adapter in {@code state}
     */
    PublishManifest manifest(TrainerState state, TrainerCore.Offer offer, String adapterDigest) {
        return PublishManifest.newBuilder()
                .setTenant(tenant)
                .setBaseDigest(basis.baseDigest())
                .setConfigDigest(basis.configDigest())
                .setAdapterDigest(adapterDigest)
                .setParentDigest(
                        state.lastOffer().map(PublishManifest::getAdapterDigest).orElse(""))
                .setStep(state.core().steps())
                .setTopic(basis.topic())
                .setPartition(partition)
                .setOffset(state.core().offset())
                .setLineOffset(state.line().offset())
                .addAllEventTimeMillis(offer.eventTimes())
                .setCounters(CheckpointCodec.counters(state.core().counters()))
                .setLabels(CheckpointCodec.labels(state.core().counters().labels()))
                .setSeed(TrainerCore.seed(basis.settings().steps(), tenant))
                .setProfile(basis.profile())
                .build();
    }
}
