package io.livegraft.simulation.crash;

import java.time.Duration;
import java.util.SplittableRandom;

/** When in a life the node is killed. */
enum Phase {
    /** Within 100 ms of its start. */
    YOUNG,
    /** While it starts. */
    STARTING,
    /** After it said that it was ready: while it reads the log and wakes trainers. */
    READING,
    /** After its first new checkpoint: while it trains, writes checkpoints, evaluates and publishes one after the other. */
    TRAINING;

    private static final Duration LIFE_OF_THE_YOUNG = Duration.ofMillis(100);
    private static final Duration WORK = Duration.ofSeconds(1);

    /** Of ten kills two meet a young node, three one that starts, two one that reads, three one that trains. */
    static Phase draw(SplittableRandom random) {
        int dice = random.nextInt(10);
        return dice < 2 ? YOUNG : dice < 5 ? STARTING : dice < 7 ? READING : TRAINING;
    }

    /** Uniform: from the process's start on, or from its being ready or its first checkpoint on. */
    Duration moment(SplittableRandom random, Duration start) {
        Duration most =
                switch (this) {
                    case YOUNG -> LIFE_OF_THE_YOUNG;
                    case STARTING -> start;
                    case READING, TRAINING -> WORK;
                };
        return Duration.ofNanos(random.nextLong(most.toNanos() + 1));
    }
}
