package io.livegraft.actors.trainer;

/**
 * What became of every feedback record read; each is counted exactly once.
 *
 * @param skipped records with nothing to imitate
 * @param capped records over the cap of their principal
 * @param undone records that a reset has undone
 */
public record TrainerCounters(long trained, long heldOut, long duplicates, long skipped, long capped, long undone) {
    static final TrainerCounters NONE = new TrainerCounters(0, 0, 0, 0, 0, 0);

    TrainerCounters oneTrained() {
        return new TrainerCounters(trained + 1, heldOut, duplicates, skipped, capped, undone);
    }

    TrainerCounters oneHeldOut() {
        return new TrainerCounters(trained, heldOut + 1, duplicates, skipped, capped, undone);
    }

    TrainerCounters oneDuplicate() {
        return new TrainerCounters(trained, heldOut, duplicates + 1, skipped, capped, undone);
    }

    TrainerCounters oneSkipped() {
        return new TrainerCounters(trained, heldOut, duplicates, skipped + 1, capped, undone);
    }

    TrainerCounters oneCapped() {
        return new TrainerCounters(trained, heldOut, duplicates, skipped, capped + 1, undone);
    }

    TrainerCounters oneUndone() {
        return new TrainerCounters(trained, heldOut, duplicates, skipped, capped, undone + 1);
    }
}
