package io.livegraft.actors.trainer;

/**
 * What became of every feedback record read; each is counted exactly once.
 *
 * @param skipped records with nothing to imitate
 */
public record TrainerCounters(long trained, long heldOut, long duplicates, long skipped) {
    static final TrainerCounters NONE = new TrainerCounters(0, 0, 0, 0);

    TrainerCounters oneTrained() {
        return new TrainerCounters(trained + 1, heldOut, duplicates, skipped);
    }

    TrainerCounters oneHeldOut() {
        return new TrainerCounters(trained, heldOut + 1, duplicates, skipped);
    }

    TrainerCounters oneDuplicate() {
        return new TrainerCounters(trained, heldOut, duplicates + 1, skipped);
    }

    TrainerCounters oneSkipped() {
        return new TrainerCounters(trained, heldOut, duplicates, skipped + 1);
    }
}
