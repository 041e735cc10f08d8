package io.livegraft.simulation.swap;

import io.livegraft.simulation.run.ClassPath;
import io.livegraft.simulation.run.JavaProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** One run: a broker, a node, feedback that makes versions, operators that swap them, clients that ask, and an oracle. */
final class SwapRun {
    /** Versions of each tenant before the first swap. */
    private static final int FIRST_VERSIONS = 3;

    private static final Duration LOOK = Duration.ofMillis(100);
    /** Between two looks at all tenants; a history shows the latest 256 decisions. */
    private static final int LOOKS_PER_CHRONICLE = 50;

    private static final Duration SAY = Duration.ofSeconds(10);

    private final SwapSettings run;
    private final Consumer<String> progress;
    private final String classPath;
    private final Chronicles chronicles;
    private final KeptAdapters adapters;

    SwapRun(SwapSettings run, Consumer<String> progress) {
        this.run = run;
        this.progress = progress;
        this.chronicles = new Chronicles(run.tenants());
        this.adapters = new KeptAdapters(
                run.state().resolve("adapters"), run.directory().resolve("adapters"));
        try {
            Files.createDirectories(run.directory());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        this.classPath = ClassPath.packed(run.directory());
    }

    private record Lived(
            Path file,
            List<Exchange> exchanges,
            int refused,
            Instant began,
            Duration swapping,
            HoldUps holdUp,
            HoldUps warmHoldUp) {}

    SwapReport run() {
        long began = System.nanoTime();
        Lived lived = live();
        Map<AnswerOracle.Asked, Answer> oracle = AnswerOracle.answers(
                run.directory(),
                classPath,
                lived.file(),
                adapters.directory(),
                Verdict.asked(lived.exchanges(), chronicles::of));
        Verdict verdict = Verdict.of(lived.exchanges(), chronicles::of, oracle);
        Discrimination told = Discrimination.of(oracle);
        List<String> ownEnds = new ArrayList<>();
        long missed = chronicles.all().stream().mapToLong(Chronicle::missed).sum();
        if (missed > 0) {
            ownEnds.add("%d decisions were never seen: too many came between two looks".formatted(missed));
        }
        return new SwapReport(
                run,
                chronicles.swaps(lived.began()),
                lived.refused(),
                adapters.size(),
                lived.exchanges(),
                oracle.size(),
                told.alike(),
                told.pairs(),
                verdict,
                lived.swapping(),
                lived.holdUp(),
                lived.warmHoldUp(),
                since(began),
                ownEnds);
    }

    private Lived live() {
        try (TenantNode node = TenantNode.start(run, classPath)) {
            progress.accept("a node trains the first versions; everything is in " + run.directory());
            node.train(FIRST_VERSIONS, chronicles, adapters::look);
            return swap(node.file(), node.api(), node.feedback());
        }
    }

    private Lived swap(Path file, NodeApi node, Feedback feedback) {
        progress.accept("%d tenants have versions; swaps begin".formatted(run.tenants()));
        Swapper swapper = new Swapper(run, node, chronicles);
        Traffic traffic = new Traffic(run, new Client(node), chronicles);
        Instant beganAt = Instant.now();
        long began = System.nanoTime();
        CompletableFuture<Void> swapping = swapper.start();
        Optional<HoldUps> half = Optional.empty();
        long said = began;
        for (int look = 1; !swapping.isDone(); look++) {
            feedback.send();
            adapters.look();
            if (look % LOOKS_PER_CHRONICLE == 0) {
                chronicles.look(node);
            }
            if (half.isEmpty() && swapper.swaps() > run.swaps() / 2) {
                half = Optional.of(HoldUps.of(node.metrics()));
            }
            if (System.nanoTime() - said > SAY.toNanos()) {
                said = System.nanoTime();
                say(swapper, traffic, since(began));
            }
            JavaProcess.pause(LOOK);
        }
        Duration took = since(began);
        traffic.close();
        swapping.join();
        adapters.look();
        chronicles.look(node);
        progress.accept("swaps are over; the oracle computes every answer anew");
        HoldUps all = HoldUps.of(node.metrics());
        return new Lived(
                file,
                traffic.exchanges(),
                swapper.refused(),
                beganAt,
                took,
                all,
                half.map(all::since).orElse(all));
    }

    private void say(Swapper swapper, Traffic traffic, Duration since) {
        progress.accept("%d of %d swaps, %d answers, %d versions, %d s, %d s to go"
                .formatted(
                        swapper.swaps(),
                        run.swaps(),
                        traffic.answered(),
                        adapters.size(),
                        since.toSeconds(),
                        swapper.left(since).toSeconds()));
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }
}
