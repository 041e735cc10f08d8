package io.livegraft.actors.node;

import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.ingest.FeedbackConsumer;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.proto.checkpoint.Checkpoint;
import io.livegraft.proto.checkpoint.Counters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** How far the trainers are: those that are awake say so, for a number of others their checkpoints do. */
final class TrainerList {
    private static final Duration ASK = Duration.ofSeconds(10);

    private final ActorSystem<?> system;
    private final ActorRef<FeedbackConsumer.Command> ingest;
    private final CheckpointStore checkpoints;
    private final int mostRead;

    /** Reads at most {@code mostRead} checkpoints for a list. */
    TrainerList(
            ActorSystem<?> system,
            ActorRef<FeedbackConsumer.Command> ingest,
            CheckpointStore checkpoints,
            int mostRead) {
        this.system = system;
        this.ingest = ingest;
        this.checkpoints = checkpoints;
        this.mostRead = mostRead;
    }

    CompletionStage<List<TrainerStatus>> list() {
        return AskPattern.ask(ingest, FeedbackConsumer.GetProgress::new, ASK, system.scheduler())
                .thenApplyAsync(
                        report -> withOthers(report.trainers()),
                        system.dispatchers().lookup(DispatcherSelector.blocking()));
    }

    private List<TrainerStatus> withOthers(List<Trainer.Progress> awake) {
        List<TrainerStatus> all = new ArrayList<>();
        awake.forEach(progress -> all.add(status(progress)));
        Set<String> known = all.stream().map(TrainerStatus::tenant).collect(Collectors.toSet());
        checkpoints.tenants().stream()
                .filter(tenant -> !known.contains(tenant))
                .limit(mostRead)
                .forEach(tenant -> checkpoints.latest(tenant).ifPresent(loaded -> all.add(status(loaded))));
        return List.copyOf(all);
    }

    private static TrainerStatus status(Trainer.Progress progress) {
        return new TrainerStatus(
                progress.tenant(),
                progress.step(),
                progress.partition(),
                progress.offset(),
                progress.counters().trained(),
                progress.counters().heldOut(),
                progress.counters().duplicates(),
                progress.counters().skipped(),
                progress.counters().capped(),
                progress.counters().undone(),
                progress.lastLoss(),
                progress.checkpointDigest(),
                progress.lineOffset(),
                progress.atRest());
    }

    private static TrainerStatus status(CheckpointStore.Loaded loaded) {
        Checkpoint checkpoint = loaded.checkpoint();
        Counters counters = checkpoint.getCounters();
        return new TrainerStatus(
                checkpoint.getTenant(),
                checkpoint.getStep(),
                checkpoint.getPartition(),
                checkpoint.getOffset(),
                counters.getTrained(),
                counters.getHeldOut(),
                counters.getDuplicates(),
                counters.getSkipped(),
                counters.getCapped(),
                counters.getUndone(),
                checkpoint.hasLastLoss() ? checkpoint.getLastLoss() : Double.NaN,
                loaded.digest(),
                checkpoint.getLine().getOffset(),
                !checkpoint.hasDeadlineMillis() && !checkpoint.hasOfferDeadlineMillis());
    }
}
