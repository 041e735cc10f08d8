package io.livegraft.actors.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.batching.Refusal;
import io.livegraft.actors.batching.TenantSettings;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.engine.CacheKey;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Law 3 on a whole device: an answer is the same alone and among others that come, go and train. */
class DeviceSchedulerLawTest {
    private static final int PLACES = 4;
    private static final int REQUESTS = 40;
    private static final int TOKENS = 12;
    private static final int TURN_TOKENS = 7;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ANY = Integer.MAX_VALUE;

    private record Request(String tenant, int[] prompt, List<SamplingSettings> choices) {}

    private final Engine engine = TestingEngine.open(Map.of("max-sequences", PLACES));
    private final ActorTestKit kit = ActorTestKit.create();

    @AfterEach
    void close() {
        kit.shutdownTestKit();
        engine.close();
    }

    @Test
    void anAnswerIsTheSameAloneAndAmongOthers() {
        List<Request> requests = requests();
        ActorRef<DeviceScheduler.Command> device = device();
        List<List<GenerationDelta>> alone = new ArrayList<>();
        for (Request request : requests) {
            for (SamplingSettings choice : request.choices()) {
                Request single = new Request(request.tenant(), request.prompt(), List.of(choice));
                alone.add(ask(device, single, OptionalLong.empty(), ANY)
                        .getFirst()
                        .answer
                        .join());
            }
        }
        TestProbe<DeviceScheduler.WorkReply<StepResult>> trainer = kit.createTestProbe();
        device.tell(new DeviceScheduler.Train(plan(), trainer.ref()));
        List<CollectingSink> sinks = new ArrayList<>();
        List<CollectingSink> gone = new ArrayList<>();
        for (Request request : requests) {
            gone.addAll(ask(device, request, OptionalLong.empty(), 2));
            sinks.addAll(ask(device, request, OptionalLong.empty(), ANY));
        }
        List<List<GenerationDelta>> among =
                sinks.stream().map(each -> each.answer.join()).toList();
        gone.forEach(
                each -> CompletableFuture.anyOf(each.cancelled, each.answer).join());
        assertTrue(gone.stream().anyMatch(each -> each.cancelled.isDone()));
        assertInstanceOf(DeviceScheduler.WorkDone.class, trainer.receiveMessage(PATIENCE));
        assertEquals(alone, among);

        // The mutant: answers that go to whoever asked next are seen.
        assertNotEquals(alone.subList(1, alone.size()), among.subList(0, among.size() - 1));
    }

    @Test
    void whatIsNotDoneInTimeFails() {
        CollectingSink late = ask(device(), requests().getFirst(), OptionalLong.of(System.nanoTime() - 1), ANY)
                .getFirst();
        CompletionException failure = assertThrows(CompletionException.class, late.answer::join);
        LivegraftException told = assertInstanceOf(LivegraftException.class, failure.getCause());
        assertEquals(ErrorCode.DEADLINE_EXCEEDED, told.code());
    }

    @Test
    void whatTheBaseCannotTakeFailsAloneAndTheOthersGoOn() {
        ActorRef<DeviceScheduler.Command> device = device();
        Request tooLong = new Request("long", new int[engine.maxSequenceTokens()], List.of(greedy()));
        CollectingSink refused = ask(device, tooLong, OptionalLong.empty(), ANY).getFirst();
        CollectingSink other =
                ask(device, requests().getFirst(), OptionalLong.empty(), ANY).getFirst();
        assertThrows(CompletionException.class, refused.answer::join);
        assertTrue(other.answer.join().getLast().finish().isPresent());
    }

    /** On a clock by which every turn has time for one slice of an adapter only. */
    @Test
    void anAdapterThatIsWantedComesBeforeTheSlicesOfAStep() {
        AtomicLong clock = new AtomicLong();
        ActorRef<DeviceScheduler.Command> device = device(() -> clock.addAndGet(PATIENCE.toNanos()));
        TestProbe<Object> told = kit.createTestProbe();
        LoraConfig wide = new LoraConfig(512, 512, false, LoraConfig.ALL_LINEAR);
        LoraAdapter adapter = LoraAdapter.initial(wide, engine.config(), 1);
        device.tell(new DeviceScheduler.Stage("wide", adapter, told.ref().narrow()));
        device.tell(new DeviceScheduler.Train(plan(), told.ref().narrow()));
        assertInstanceOf(DeviceScheduler.Staged.class, told.receiveMessage(PATIENCE));
        assertInstanceOf(DeviceScheduler.WorkDone.class, told.receiveMessage(PATIENCE));
    }

    private ActorRef<DeviceScheduler.Command> device() {
        return device(System::nanoTime);
    }

    private ActorRef<DeviceScheduler.Command> device(LongSupplier nanoTime) {
        return kit.spawn(DeviceScheduler.create(
                engine,
                new DeviceSettings(ANY, TURN_TOKENS, 1, 8, 1, 1),
                new BatchingSettings(PLACES, ANY, TURN_TOKENS, engine.pageTokens(), TenantSettings.alike()),
                nanoTime,
                new Metrics()));
    }

    private static List<CollectingSink> ask(
            ActorRef<DeviceScheduler.Command> device, Request request, OptionalLong deadlineNanos, int patience) {
        List<CollectingSink> sinks = request.choices().stream()
                .map(choice -> new CollectingSink(patience))
                .toList();
        device.tell(new DeviceScheduler.Generate(
                new CacheKey(request.tenant(), "digest"),
                request.prompt(),
                Optional.empty(),
                deadlineNanos,
                IntStream.range(0, sinks.size())
                        .mapToObj(i ->
                                new DeviceScheduler.Choice(request.choices().get(i), sinks.get(i)))
                        .toList(),
                new Asker() {
                    @Override
                    public void onTaken() {}

                    @Override
                    public void onRefused(Refusal refusal) {
                        throw new AssertionError(refusal);
                    }
                }));
        return sinks;
    }

    private static List<Request> requests() {
        Random random = new Random(3);
        return IntStream.range(0, REQUESTS)
                .mapToObj(i -> new Request(
                        "t" + i % 3,
                        random.ints(1 + random.nextInt(40), 2, 1000).toArray(),
                        IntStream.rangeClosed(0, random.nextInt(3))
                                .mapToObj(choice -> sampled(random.nextLong()))
                                .toList()))
                .toList();
    }

    private static SamplingSettings sampled(long seed) {
        return new SamplingSettings(TOKENS, 1, 1, 0, seed, List.of());
    }

    private static SamplingSettings greedy() {
        return SamplingSettings.greedy(TOKENS);
    }

    private StepPlan plan() {
        LoraConfig lora = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);
        TrainingState state = TrainingState.initial(LoraAdapter.initial(lora, engine.config(), 1));
        List<TrainingExample> examples = IntStream.range(0, 12)
                .mapToObj(
                        i -> new TrainingExample(new Random(i).ints(40, 2, 1000).toArray(), 2))
                .toList();
        return StepPlan.supervised(state, examples, new OptimizerSettings(1e-3, 0.9, 0.999, 1e-8, 0, 1, 0), 1);
    }
}
