package io.livegraft.actors.trainer;

/**
 * Everything that decides which examples form which step; part of the config digest.
 *
 * @param examples new examples that fill a step
 * @param tokens tokens of new examples that fill a step
 * @param maxWaitMillis log time after which a waiting step closes anyway
 * @param replayExamples earlier examples that join each step
 * @param reservoirExamples earlier examples to draw them from
 * @param heldOutShare of 256: events whose id hashes below it are kept for evaluation
 * @param heldOutExamples latest ones kept
 * @param eventWindow ids remembered to drop duplicates
 * @param checkpointEverySteps steps between checkpoints
 * @param publishEverySteps steps after which a version is offered
 * @param publishIdleMillis log time without a step after which the steps since the last offer are offered
 * @param eventTimes event times remembered between offers
 * @param principalEvents events of one principal in one version at most; 0 is no cap
 * @param seed of the fresh adapter and of the draws
 * @param loss what steps minimise, which decides what an event teaches
 */
public record StepSettings(
        int examples,
        int tokens,
        long maxWaitMillis,
        int replayExamples,
        int reservoirExamples,
        int heldOutShare,
        int heldOutExamples,
        int eventWindow,
        int checkpointEverySteps,
        int publishEverySteps,
        long publishIdleMillis,
        int eventTimes,
        int principalEvents,
        long seed,
        LossSettings loss) {
    public StepSettings {
        atLeast("step-examples", examples, 1);
        atLeast("step-tokens", tokens, 1);
        atLeast("max-wait", maxWaitMillis, 1);
        atLeast("replay-examples", replayExamples, 0);
        atLeast("reservoir-examples", reservoirExamples, 0);
        atLeast("held-out-share", heldOutShare, 0);
        atLeast("held-out-examples", heldOutExamples, 0);
        atLeast("event-window", eventWindow, EventWindow.CHUNKS);
        atLeast("checkpoint-every-steps", checkpointEverySteps, 1);
        atLeast("publish-every-steps", publishEverySteps, 1);
        atLeast("publish-idle", publishIdleMillis, 1);
        atLeast("event-times", eventTimes, 0);
        atLeast("principal-events", principalEvents, 0);
        if (heldOutShare > 255) {
            throw new IllegalArgumentException("held-out-share is %d, expected at most 255".formatted(heldOutShare));
        }
    }

    private static void atLeast(String key, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException("%s is %d, expected at least %d".formatted(key, value, least));
        }
    }
}
