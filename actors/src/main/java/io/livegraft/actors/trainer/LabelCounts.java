package io.livegraft.actors.trainer;

/** Events that had a part in a state, whether trained, held out or skipped, by their label. */
public record LabelCounts(long examples, long accepted, long rejected, long corrections, long preferences) {
    static final LabelCounts NONE = new LabelCounts(0, 0, 0, 0, 0);

    LabelCounts with(Label label) {
        return switch (label) {
            case EXAMPLE -> new LabelCounts(examples + 1, accepted, rejected, corrections, preferences);
            case ACCEPTED -> new LabelCounts(examples, accepted + 1, rejected, corrections, preferences);
            case REJECTED -> new LabelCounts(examples, accepted, rejected + 1, corrections, preferences);
            case CORRECTION -> new LabelCounts(examples, accepted, rejected, corrections + 1, preferences);
            case PREFERENCE -> new LabelCounts(examples, accepted, rejected, corrections, preferences + 1);
        };
    }
}
