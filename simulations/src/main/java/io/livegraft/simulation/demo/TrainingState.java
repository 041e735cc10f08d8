package io.livegraft.simulation.demo;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What the admin interface says about a tenant's trainer.
 *
 * @param offset last log offset that is part of its state
 * @param skipped events with nothing to imitate
 */
record TrainingState(String tenant, long step, long offset, long trained, long heldOut, long duplicates, long skipped) {
    static TrainingState of(JsonNode trainer) {
        return new TrainingState(
                trainer.path("tenant").asText(),
                trainer.path("step").asLong(),
                trainer.path("offset").asLong(),
                trainer.path("trained").asLong(),
                trainer.path("heldOut").asLong(),
                trainer.path("duplicates").asLong(),
                trainer.path("skipped").asLong());
    }

    /** Events that were used in one way or another; duplicates were used before. */
    long used() {
        return trained + heldOut + skipped;
    }
}
