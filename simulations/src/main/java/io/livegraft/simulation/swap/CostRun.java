package io.livegraft.simulation.swap;

import io.livegraft.simulation.run.ClassPath;
import io.livegraft.simulation.run.JavaProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Measures what swaps cost who asks meanwhile, how fast a rollback is, and a tenant that is not on the device. */
final class CostRun {
    private static final int VERSIONS = 4;
    private static final Duration STILLNESS = Duration.ofSeconds(3);

    private final CostSettings cost;
    private final SwapSettings run;
    private final Consumer<String> progress;
    private final Chronicles chronicles;
    private int swaps;
    private long failed;

    CostRun(CostSettings cost, Consumer<String> progress) {
        this.cost = cost;
        this.run = cost.run();
        this.progress = progress;
        this.chronicles = new Chronicles(run.tenants());
        try {
            Files.createDirectories(run.directory());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    CostReport run() {
        long began = System.nanoTime();
        try (TenantNode node = TenantNode.start(run, ClassPath.packed(run.directory()))) {
            progress.accept("a node trains the first versions; everything is in " + run.directory());
            node.train(VERSIONS, chronicles, () -> {});
            JavaProcess.pause(STILLNESS); // what is still to be trained is
            chronicles.look(node.api());
            List<Difference.Quadruple> swapped = new ArrayList<>();
            List<Difference.Quadruple> control = new ArrayList<>();
            warmUp(node.api());
            HoldUps warm = HoldUps.of(node.api().metrics());
            blocks(node.api(), swapped, control);
            HoldUps holdUp = HoldUps.of(node.api().metrics()).since(warm);
            HoldUps atFullSpeed = holdUps(node.api(), 0);
            HoldUps steady = holdUps(node.api(), CostSettings.STEADY);
            progress.accept("%d rollbacks".formatted(cost.rollbacks()));
            List<Duration> rollbacks = new Warmth(run, node.api()).rollbacks(cost.rollbacks());
            List<Duration> tenants = new ArrayList<>();
            List<Duration> versions = new ArrayList<>();
            for (int i = 0; i < cost.restarts(); i++) {
                progress.accept("the node starts again: all tenants are cold");
                node.restart();
                Warmth cold = new Warmth(run, node.api());
                cold.warm();
                tenants.addAll(cold.tenants());
                versions.addAll(cold.versions(chronicles));
            }
            return new CostReport(
                    cost,
                    swaps,
                    failed,
                    swapped,
                    control,
                    holdUp,
                    atFullSpeed,
                    steady,
                    Quantiles.of(rollbacks),
                    Quantiles.of(tenants),
                    Quantiles.of(versions),
                    Duration.ofNanos(System.nanoTime() - began));
        }
    }

    private void warmUp(NodeApi node) {
        progress.accept("%d swaps before anything counts".formatted(cost.warmUp()));
        swap(node, cost.warmUp(), 0);
    }

    /** Of so many swaps that one in a thousand says something, requests beside them. */
    private HoldUps holdUps(NodeApi node, double swapsPerSecond) {
        progress.accept("%d swaps, %s"
                .formatted(
                        cost.heldUp(),
                        swapsPerSecond == 0 ? "at full speed" : "%.0f a second".formatted(swapsPerSecond)));
        HoldUps before = HoldUps.of(node.metrics());
        Traffic traffic = new Traffic(run, new Client(node), chronicles);
        try (traffic) {
            swap(node, cost.heldUp(), swapsPerSecond);
        }
        failed += traffic.exchanges().stream()
                .filter(exchange -> exchange.outcome() instanceof Exchange.Failed)
                .count();
        return HoldUps.of(node.metrics()).since(before);
    }

    private void swap(NodeApi node, int number, double swapsPerSecond) {
        new Swapper(run.swapping(number, swapsPerSecond), node, chronicles)
                .start()
                .join();
        chronicles.look(node);
    }

    /** Swaps and their control take turns at being first. */
    private void blocks(NodeApi node, List<Difference.Quadruple> swapped, List<Difference.Quadruple> control) {
        List<Arrival> arrivals = Arrival.draw(run, cost.block());
        quadruple(node, arrivals, true); // nothing of it counts
        swaps = 0;
        for (int round = 0; round < cost.rounds(); round++) {
            progress.accept("round %d of %d".formatted(round + 1, cost.rounds()));
            boolean first = round % 2 == 0;
            (first ? swapped : control).add(quadruple(node, arrivals, first));
            (first ? control : swapped).add(quadruple(node, arrivals, !first));
        }
    }

    private Difference.Quadruple quadruple(NodeApi node, List<Arrival> arrivals, boolean swapping) {
        return new Difference.Quadruple(
                block(node, arrivals, false),
                block(node, arrivals, swapping),
                block(node, arrivals, swapping),
                block(node, arrivals, false));
    }

    private Block block(NodeApi node, List<Arrival> arrivals, boolean swapping) {
        if (!swapping) {
            return Block.run(arrivals, new Client(node));
        }
        Swapper swapper = new Swapper(run, node, chronicles);
        CompletableFuture<Void> operators = swapper.start();
        Block block = Block.run(arrivals, new Client(node));
        swapper.stop();
        operators.join();
        swaps += swapper.swaps();
        return block;
    }
}
