package io.livegraft.actors.trainer;

import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/**
 * Trains the steps of a replay on the node's device, in its queue like any other work.
 *
 * @param retry pause after the queue was full
 */
record DeviceTraining(ActorSystem<?> system, ActorRef<DeviceScheduler.Command> device, Duration retry)
        implements Replay.Training {
    /** Of one step, however long the queue is. */
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    @Override
    public StepResult train(StepPlan plan) {
        while (true) {
            switch (ask(plan)) {
                case DeviceScheduler.WorkDone<StepResult> done -> {
                    return done.result();
                }
                case DeviceScheduler.WorkFailed<StepResult> failed -> {
                    if (failed.reason().code() != ErrorCode.OVERLOADED) {
                        throw failed.reason();
                    }
                    pause();
                }
            }
        }
    }

    private DeviceScheduler.WorkReply<StepResult> ask(StepPlan plan) {
        try {
            return AskPattern.<DeviceScheduler.Command, DeviceScheduler.WorkReply<StepResult>>ask(
                            device, replyTo -> new DeviceScheduler.Train(plan, replyTo), PATIENCE, system.scheduler())
                    .toCompletableFuture()
                    .get();
        } catch (ExecutionException e) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the device did not train a step: " + e.getCause(), e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void pause() {
        try {
            Thread.sleep(retry);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static LivegraftException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new LivegraftException(ErrorCode.UNAVAILABLE, "a replay was interrupted", cause);
    }
}
