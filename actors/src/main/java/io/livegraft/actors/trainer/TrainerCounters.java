package io.livegraft.actors.trainer;

/**
 * What became of every feedback record read; each is counted exactly once.
 *
 * @param skipped records with nothing to imitate
 * @param capped records over the cap of their principal
 * @param undone records that a reset has undone
 * @param labels of those that were trained, held out or skipped
 */
public record TrainerCounters(
        long trained, long heldOut, long duplicates, long skipped, long capped, long undone, LabelCounts labels) {
    static final TrainerCounters NONE = new TrainerCounters(0, 0, 0, 0, 0, 0, LabelCounts.NONE);

    TrainerCounters oneTrained(Label label) {
        return new TrainerCounters(trained + 1, heldOut, duplicates, skipped, capped, undone, labels.with(label));
    }

    TrainerCounters oneHeldOut(Label label) {
        return new TrainerCounters(trained, heldOut + 1, duplicates, skipped, capped, undone, labels.with(label));
    }

    TrainerCounters oneDuplicate() {
        return new TrainerCounters(trained, heldOut, duplicates + 1, skipped, capped, undone, labels);
    }

    TrainerCounters oneSkipped(Label label) {
        return new TrainerCounters(trained, heldOut, duplicates, skipped + 1, capped, undone, labels.with(label));
    }

    TrainerCounters oneCapped() {
        return new TrainerCounters(trained, heldOut, duplicates, skipped, capped + 1, undone, labels);
    }

    TrainerCounters oneUndone() {
        return new TrainerCounters(trained, heldOut, duplicates, skipped, capped, undone + 1, labels);
    }
}
