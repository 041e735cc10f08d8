package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.FileDisk;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.replay.Rebuild;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.pekko.stream.javadsl.Sink;

/** A whole node on a small real base: broker, engine, database and all. */
final class TestingNode implements AutoCloseable {
    /** The bundled base: these tests need nothing that is not in the repository. */
    static final Path BASE = Path.of("../deploy/base/livegraft-tiny");

    static final String SENT = "sent ";
    private static final int PATIENCE_SECONDS = 120;

    private final Node node;

    TestingNode(Path state) {
        this(state, Map.of());
    }

    TestingNode(Path state, Map<String, Object> settings) {
        this(state, settings, new FileDisk());
    }

    TestingNode(Path state, Map<String, Object> settings, Disk disk) {
        Config config = ConfigFactory.parseMap(settings)
                .withFallback(ConfigFactory.parseMap(settings(state, BASE)))
                .withFallback(ConfigFactory.load());
        node = Node.start(config, disk);
        untilReady(node);
    }

    static void untilReady(Node node) {
        until("the node is ready", () -> node.health().checks(), checks -> node.health()
                .ready());
    }

    static Map<String, Object> settings(Path state, Path base) {
        return Map.of(
                "livegraft.state-directory",
                state.toString(),
                "livegraft.engine.base",
                base.toString(),
                "livegraft.engine.precision",
                "fp32",
                "livegraft.kafka.embedded.port",
                0,
                "livegraft.trainer.max-wait",
                "300 ms",
                "livegraft.trainer.publish-idle",
                "300 ms");
    }

    static FeedbackRecord event(String id, String prompt, String completion) {
        return FeedbackRecord.newBuilder()
                .setEventId(id)
                .setPrompt(prompt)
                .setCompletion(completion)
                .setEventTimeMillis(System.currentTimeMillis())
                .build();
    }

    Node node() {
        return node;
    }

    FeedbackLog.Appended send(String tenant, String id, String prompt, String completion) {
        return get(node.feedback().append(tenant, event(id, prompt, completion)));
    }

    Inference.Admission.Admitted admit(String model, String prompt, int tokens) {
        return assertInstanceOf(
                Inference.Admission.Admitted.class,
                get(node.inference()
                        .generate(new GenerationRequest(
                                model, new Prompt.Text(prompt), SamplingSettings.greedy(tokens)))));
    }

    String text(Inference.Admission.Admitted admitted) {
        List<GenerationDelta> deltas = get(admitted.choices().getFirst().runWith(Sink.seq(), node.system()));
        return deltas.stream().map(GenerationDelta::text).collect(Collectors.joining());
    }

    AdapterImage image(String tenant, Predicate<AdapterImage> holds) {
        return until(
                        "the image of " + tenant + " is as expected",
                        () -> get(node.administration().adapter(tenant)),
                        image -> image.filter(holds).isPresent())
                .orElseThrow();
    }

    /** A version made anew from its log, without these subjects. */
    Rebuild.Done rebuilt(String tenant, int version, String... without) {
        LogAdministration log = node.logAdministration();
        LogAdministration.RebuildReply reply = get(log.rebuild(tenant, version, new TreeSet<>(List.of(without))));
        String id = assertInstanceOf(LogAdministration.RebuildReply.Started.class, reply)
                .rebuild()
                .id();
        Rebuild ended = until(
                        "%s:%d is rebuilt".formatted(tenant, version),
                        () -> log.rebuilt(id),
                        found -> !(found.orElseThrow() instanceof Rebuild.Running))
                .orElseThrow();
        return assertInstanceOf(Rebuild.Done.class, ended, ended.toString());
    }

    /** Waits until a request is answered by this version: staging takes a moment after the decision. */
    void serves(String tenant, int number) {
        until(
                "%s:%d serves".formatted(tenant, number),
                () -> {
                    Inference.Admission.Admitted admitted = admit(tenant, "Tell me", 4);
                    text(admitted);
                    return admitted.version().number();
                },
                served -> served == number);
    }

    /** Once nothing is due any more: what was trained last is published. */
    AdapterImage settled(String tenant) {
        long trained = trainer(tenant, TrainerStatus::atRest).step();
        return image(
                tenant,
                found -> !found.versions().isEmpty()
                        && found.versions().getLast().step() == trained);
    }

    TrainerStatus trainer(String tenant, Predicate<TrainerStatus> holds) {
        return until(
                        "the trainer of " + tenant + " is as expected",
                        () -> get(node.administration().trainers()).stream()
                                .filter(status -> status.tenant().equals(tenant))
                                .findFirst(),
                        status -> status.filter(holds).isPresent())
                .orElseThrow();
    }

    static <T> T get(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Asks again until it holds. */
    static <T> T until(String what, Callable<T> ask, Predicate<T> holds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            T answer = ask.call();
            while (!holds.test(answer)) {
                assertTrue(System.nanoTime() < deadline, what + ": " + answer);
                Thread.sleep(50);
                answer = ask.call();
            }
            return answer;
        } catch (Exception e) {
            throw new AssertionError(what, e);
        }
    }

    @Override
    public void close() {
        node.close();
    }
}
