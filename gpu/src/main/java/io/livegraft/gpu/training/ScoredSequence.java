package io.livegraft.gpu.training;

import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Segment;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/** An example and what scores it: the base with this adapter, or alone. */
record ScoredSequence(TrainingExample example, Optional<AdapterTensors> adapter, OptionalLong dropoutSeed) {
    /** Without dropout. */
    static ScoredSequence exact(TrainingExample example, Optional<AdapterTensors> adapter) {
        return new ScoredSequence(example, adapter, OptionalLong.empty());
    }

    /** The whole example from position 0; the last token is fed too, which keeps rows and positions the same. */
    Segment segment() {
        return Segment.whole(example.tokens(), adapter, dropoutSeed);
    }

    int tokens() {
        return example.tokens().length;
    }

    int[] targets() {
        return Arrays.copyOfRange(example.tokens(), example.firstTarget(), example.tokens().length);
    }
}
