package io.livegraft.simulation.crash;

import io.livegraft.simulation.run.Broker;
import io.livegraft.simulation.run.ClassPath;
import io.livegraft.simulation.run.JavaProcess;
import io.livegraft.simulation.run.NodeUnderTest;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run: a broker that lives, producers that go on, a node that is killed and started again, and at the end what it came to
 * beside what it should have come to.
 */
final class CrashRun {
    private static final String UNFINISHED = "%1$s.unfinished%1$s".formatted(File.separator);
    private static final Duration FIRST_WORK = Duration.ofSeconds(2);
    private static final Duration SAY = Duration.ofSeconds(10);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration GLANCE = Duration.ofMillis(20);
    private static final Duration FIRST_CHECKPOINT = Duration.ofSeconds(8);
    /** A node that changes nothing for so long has settled or never will. */
    private static final Duration STILLNESS = Duration.ofSeconds(20);

    private final CrashSettings run;
    private final Consumer<String> progress;
    private final SplittableRandom random;
    private final String classPath;
    private final Path state;
    private final Map<Phase, Integer> phases = new EnumMap<>(Phase.class);
    private final List<String> ownEnds = new ArrayList<>();
    private Duration start = Duration.ofSeconds(3);
    private int midWrite;
    private long said;

    CrashRun(CrashSettings run, Consumer<String> progress) {
        this.run = run;
        this.progress = progress;
        this.random = new SplittableRandom(run.seed());
        this.state = run.directory().resolve("state");
        try {
            Files.createDirectories(run.directory());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        this.classPath = ClassPath.packed(run.directory());
    }

    CrashReport run() {
        long began = System.nanoTime();
        try (Broker broker = Broker.start(run.directory(), classPath)) {
            String bootstrapServers = broker.bootstrapServers();
            Path file = NodeFile.write(
                    run.directory().resolve("node.conf"), run, state, bootstrapServers, "livegraft-trainer");
            SortedMap<String, Found> found;
            try (Producers producers = new Producers(run, bootstrapServers)) {
                liveOnce(file, producers);
                for (int kill = 0; kill < run.kills(); kill++) {
                    producers.sendUntil((int) ((long) run.events() * (kill + 1) / (run.kills() + 1)));
                    killOnce(file, kill);
                    say(kill + 1, producers, began);
                }
                producers.sendUntil(run.events());
                producers.await();
            }
            Ledger ledger = Ledger.read(bootstrapServers, run);
            found = settle(run.directory(), "settling", file, state, ledger);
            progress.accept("the node has settled; the oracle replays %d events".formatted(ledger.events()));
            Oracle oracle = Oracle.replay(run.directory(), classPath, file);
            Verdict verdict = Verdict.of(ledger, found, oracle, CrashLog.deadLetters(bootstrapServers));
            return new CrashReport(
                    run, phases, midWrite, ownEnds, ledger, found, verdict, (System.nanoTime() - began) / 1e9);
        }
    }

    /** A life without a kill, so that the next ones find their classes kept. */
    private void liveOnce(Path file, Producers producers) {
        progress.accept("a first node keeps its classes for the next ones; everything is in " + run.directory());
        try (NodeUnderTest node = start("first", file, List.of("-XX:+AutoCreateSharedArchive", archive()))) {
            node.awaitReady();
            producers.sendUntil(run.events() / (run.kills() + 1));
            JavaProcess.pause(FIRST_WORK);
        }
    }

    private void killOnce(Path file, int kill) {
        Phase phase = Phase.draw(random);
        Duration moment = phase.moment(random, start);
        Set<Path> unfinished = files(CrashRun::isUnfinished);
        Set<Path> checkpoints = files(CrashRun::isCheckpoint);
        long began = System.nanoTime();
        NodeUnderTest node = start("life-%05d".formatted(kill), file, flags());
        if (phase == Phase.READING || phase == Phase.TRAINING) {
            node.awaitReady();
            start = Duration.ofNanos(System.nanoTime() - began);
        }
        if (phase == Phase.TRAINING && !trains(node, checkpoints)) {
            phase = Phase.READING;
        }
        JavaProcess.pause(moment);
        boolean alive = node.alive();
        node.kill();
        if (!alive) {
            ownEnds.add("life %d ended before it was killed; see life-%05d.log".formatted(kill, kill));
        }
        phases.merge(phase, 1, Integer::sum);
        midWrite += files(CrashRun::isUnfinished).stream().anyMatch(each -> !unfinished.contains(each)) ? 1 : 0;
    }

    /** The bits must not depend on how the JVM compiles or on the number of threads, so both change from life to life. */
    private List<String> flags() {
        List<String> flags = new ArrayList<>(List.of(archive()));
        if (random.nextInt(4) > 0) {
            flags.add("-XX:TieredStopAtLevel=1"); // starts in half the time
        }
        flags.add("-Dlivegraft.engine.threads=%d".formatted(1 + random.nextInt(2)));
        return flags;
    }

    private String archive() {
        return "-XX:SharedArchiveFile=" + run.directory().resolve("classes.jsa");
    }

    private NodeUnderTest start(String name, Path file, List<String> flags) {
        return NodeUnderTest.start(run.directory(), name, flags, classPath, file);
    }

    /** Starts a node that nobody kills, and waits until it changes nothing any more. */
    SortedMap<String, Found> settle(Path directory, String name, Path file, Path stateDirectory, Ledger ledger) {
        try (NodeUnderTest node = NodeUnderTest.start(directory, name, List.of(archive()), classPath, file)) {
            node.awaitReady();
            try (NodeState asked = new NodeState(node.address(), stateDirectory)) {
                SortedMap<String, Found> last = new TreeMap<>(asked.look());
                long changed = System.nanoTime();
                while (!ledger.settles(last) && System.nanoTime() - changed < STILLNESS.toNanos()) {
                    JavaProcess.pause(LOOK);
                    SortedMap<String, Found> now = asked.look();
                    if (!now.equals(last)) {
                        changed = System.nanoTime();
                    }
                    last = now;
                }
                return last;
            }
        }
    }

    /** Waits for a new checkpoint; where nothing is left to train there is none, so patience is short. */
    private boolean trains(NodeUnderTest node, Set<Path> before) {
        long deadline = System.nanoTime() + FIRST_CHECKPOINT.toNanos();
        boolean stored = false;
        while (!stored && node.alive() && System.nanoTime() < deadline) {
            JavaProcess.pause(GLANCE);
            stored = !before.containsAll(files(CrashRun::isCheckpoint));
        }
        return stored;
    }

    private static boolean isCheckpoint(Path file) {
        return file.toString().endsWith(".ckpt");
    }

    /** What a write leaves behind when it is cut off. */
    private static boolean isUnfinished(Path file) {
        return file.toString().contains(UNFINISHED);
    }

    private Set<Path> files(Predicate<Path> wanted) {
        if (!Files.isDirectory(state)) {
            return Set.of();
        }
        try (Stream<Path> tree = Files.walk(state, 4)) {
            return tree.filter(wanted).collect(Collectors.toSet());
        } catch (IOException | UncheckedIOException changing) {
            return Set.of();
        }
    }

    private void say(int kills, Producers producers, long began) {
        long now = System.nanoTime();
        if (now - said > SAY.toNanos() || kills == run.kills()) {
            said = now;
            double seconds = (now - began) / 1e9;
            progress.accept("%d of %d kills, %d of %d records sent, %.0f s, %.0f s to go"
                    .formatted(
                            kills,
                            run.kills(),
                            producers.acknowledged(),
                            run.events(),
                            seconds,
                            seconds / kills * (run.kills() - kills)));
        }
    }
}
