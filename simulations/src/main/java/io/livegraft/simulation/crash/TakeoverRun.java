package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.Broker;
import io.livegraft.simulation.run.ClassPath;
import io.livegraft.simulation.run.JavaProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Two real nodes that are one system. Again and again the one that has a tenant's partition is paused or killed at a random
 * moment while feedback comes in, until the other one has published for that tenant; a paused one then wakes. At the end every
 * accepted version must be in one chain, and every state the oracle's.
 */
final class TakeoverRun {
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration TAKEOVER = Duration.ofMinutes(2);
    /** In which a node that woke finds out that the other went on, or that it is still wanted. */
    private static final Duration WAKING = Duration.ofSeconds(30);
    /** Nodes that change nothing for so long have settled or never will. */
    private static final Duration STILLNESS = Duration.ofSeconds(30);

    private static final int MOST_WORK_MILLIS = 1000;
    /** Records while things are as they should be, and a burst of them that a fault meets. */
    private static final int CALM = 12;

    private static final int BURST = 36;
    /** While something is awaited one more record comes every so many looks, and so many come at most. */
    private static final int LOOKS = 4;

    private static final int MOST_WHILE_AWAITED = 150;

    private final CrashSettings run;
    private final List<Fault> faults;
    private final RegistryServer registry;
    private final Consumer<String> progress;
    private final SplittableRandom random;
    private final String classPath;
    private final Path shared;
    private final AcceptedVersions accepted = new AcceptedVersions();
    private final List<String> problems = new ArrayList<>();
    private final List<Double> takeoverSeconds = new ArrayList<>();
    private int ended;
    private int refused;

    /** {@code run.kills} is the number of faults. */
    TakeoverRun(CrashSettings run, List<Fault> faults, RegistryServer registry, Consumer<String> progress) {
        this.run = run;
        this.faults = List.copyOf(faults);
        this.registry = registry;
        this.progress = progress;
        this.random = new SplittableRandom(run.seed());
        try {
            Files.createDirectories(run.directory());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        this.shared = run.directory().resolve("objects");
        this.classPath = ClassPath.packed(run.directory());
    }

    /** Records that so many faults need, at most. */
    static int events(int faults) {
        return (faults + 1) * (CALM + BURST + 3 * MOST_WHILE_AWAITED);
    }

    TakeoverReport run() {
        long began = System.nanoTime();
        try (Broker broker = Broker.start(run.directory(), classPath)) {
            String bootstrapServers = broker.bootstrapServers();
            Path alone = NodeFile.write(
                    run.directory().resolve("oracle.conf"),
                    run,
                    run.directory().resolve("oracle-state"),
                    bootstrapServers,
                    "oracle");
            List<Path> files = files(bootstrapServers);
            try (Peer first = peer("first", files.getFirst());
                    Peer second = peer("second", files.getLast())) {
                SortedMap<String, Found> found = live(List.of(first, second), bootstrapServers);
                progress.accept("the nodes have settled; the oracle replays the log");
                Ledger ledger = Ledger.read(bootstrapServers, run);
                Oracle oracle = Oracle.replay(run.directory(), classPath, alone);
                Verdict verdict = Verdict.of(ledger, found, oracle, CrashLog.deadLetters(bootstrapServers));
                problems.addAll(accepted.problems());
                problems.addAll(verdict.problems());
                return new TakeoverReport(
                        run,
                        faults,
                        takeoverSeconds,
                        ended,
                        refused,
                        accepted,
                        ledger,
                        verdict,
                        problems,
                        (System.nanoTime() - began) / 1e9);
            }
        }
    }

    private Peer peer(String name, Path file) {
        return Peer.start(new Peer.Origin(run.directory(), name, classPath, file, registry.environment()), shared);
    }

    private List<Path> files(String bootstrapServers) {
        Path key = SigningKeyFile.write(run.directory().resolve("signing.key"));
        int first = freePort();
        int second = freePort();
        String seeds = "127.0.0.1:%d,127.0.0.1:%d".formatted(first, second);
        return List.of(
                file("first", bootstrapServers, seeds, first, key),
                file("second", bootstrapServers, seeds, second, key));
    }

    private Path file(String name, String bootstrapServers, String seeds, int port, Path key) {
        String own = """
                livegraft {
                  cluster { seed-nodes = "%s", port = %d, stable-after = 2 s, catch-up = 1 s }
                  object-store.directory = "%s"
                  registry { signing.key-file = "%s", retained-versions = 64 }
                  ingest.session-timeout = 6 s
                }
                """.formatted(seeds, port, shared, key);
        return NodeFile.write(
                run.directory().resolve(name + ".conf"),
                run,
                run.directory().resolve(name + "-state"),
                bootstrapServers,
                "livegraft-trainer",
                own);
    }

    /** Returns what the nodes came to. */
    private SortedMap<String, Found> live(List<Peer> peers, String bootstrapServers) {
        peers.forEach(Peer::awaitReady);
        try (Producers producers = new Producers(run, bootstrapServers)) {
            for (int i = 0; i < faults.size(); i++) {
                takeOver(peers, faults.get(i), producers);
                progress.accept("%d of %d: %s, %.1f s until the other published; %d versions so far"
                        .formatted(i + 1, faults.size(), faults.get(i), takeoverSeconds.getLast(), accepted.size()));
            }
            producers.await();
        }
        peers.forEach(Peer::awaitReady);
        return settle(peers, Ledger.read(bootstrapServers, run));
    }

    private void takeOver(List<Peer> peers, Fault fault, Producers producers) {
        producers.sendUntil(producers.acknowledged() + CALM);
        String tenant = CrashSettings.tenant(random.nextInt(run.tenants()));
        await("a first version of " + tenant, producers, () -> newest(peers.getFirst(), tenant)
                .isPresent());
        AcceptedVersions.Version last = newest(peers.getFirst(), tenant).orElseThrow();
        await("an owner of " + tenant, producers, () -> owner(peers, last.partition())
                .isPresent());
        producers.sendUntil(producers.acknowledged() + BURST);
        JavaProcess.pause(Duration.ofMillis(random.nextInt(MOST_WORK_MILLIS)));
        Peer owner = owner(peers, last.partition()).orElseThrow();
        Peer other = peers.getFirst() == owner ? peers.getLast() : peers.getFirst();
        long epoch = newest(other, tenant).orElseThrow().epoch();
        long began = System.nanoTime();
        strike(owner, fault);
        await(
                "a version of %s by %s instead of %s".formatted(tenant, other.name(), owner.name()),
                producers,
                () -> newest(other, tenant).filter(now -> now.epoch() > epoch).isPresent());
        takeoverSeconds.add((System.nanoTime() - began) / 1e9);
        recover(owner, fault);
        tenants(other);
    }

    private static void strike(Peer owner, Fault fault) {
        switch (fault) {
            case PAUSED -> owner.node().signal("STOP");
            case KILLED -> owner.node().kill();
        }
    }

    /** A node that woke ends when it finds out that the other went on without it; it is started again then. */
    private void recover(Peer owner, Fault fault) {
        if (fault == Fault.PAUSED) {
            owner.node().signal("CONT");
            if (owner.node().ends(WAKING)) {
                ended++;
            }
            refused += (int) owner.log()
                    .filter(line -> line.contains("the registry refused"))
                    .count();
        }
        if (!owner.node().alive()) {
            owner.startAgain();
        }
        owner.awaitReady();
    }

    private static Optional<Peer> owner(List<Peer> peers, int partition) {
        List<Peer> owners =
                peers.stream().filter(peer -> peer.state().trains(partition)).toList();
        return owners.size() == 1 ? Optional.of(owners.getFirst()) : Optional.empty();
    }

    private Optional<AcceptedVersions.Version> newest(Peer peer, String tenant) {
        try {
            accepted.take(tenant, peer.state().versions(tenant));
        } catch (LivegraftException notYet) {
            return Optional.empty(); // not known yet, or its registry is on its way to another node
        }
        return accepted.newest(tenant);
    }

    private void tenants(Peer peer) {
        for (int i = 0; i < run.tenants(); i++) {
            newest(peer, CrashSettings.tenant(i));
        }
    }

    /** While it is awaited more records come, a few at a time. */
    private static void await(String what, Producers producers, BooleanSupplier holds) {
        long deadline = System.nanoTime() + TAKEOVER.toNanos();
        int sent = producers.acknowledged();
        for (int look = 0; !holds.getAsBoolean(); look++) {
            if (System.nanoTime() > deadline) {
                throw new LivegraftException(ErrorCode.UNAVAILABLE, "%s did not come".formatted(what));
            }
            producers.sendUntil(sent + Math.min(look / LOOKS, MOST_WHILE_AWAITED));
            JavaProcess.pause(LOOK);
        }
    }

    /** Once nothing changes on either node any more; both must say the same. */
    private SortedMap<String, Found> settle(List<Peer> peers, Ledger ledger) {
        SortedMap<String, Found> last = new TreeMap<>();
        long changed = System.nanoTime();
        boolean settled = false;
        while (!settled && System.nanoTime() - changed < STILLNESS.toNanos()) {
            JavaProcess.pause(LOOK);
            SortedMap<String, Found> now =
                    new TreeMap<>(peers.getFirst().state().look());
            if (!now.equals(last)) {
                changed = System.nanoTime();
            }
            last = now;
            settled = ledger.settles(now) && now.equals(peers.getLast().state().look());
        }
        if (!settled) {
            problems.add("the nodes do not come to the same: %s and %s"
                    .formatted(last, peers.getLast().state().look()));
        }
        peers.forEach(this::tenants);
        return last;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
