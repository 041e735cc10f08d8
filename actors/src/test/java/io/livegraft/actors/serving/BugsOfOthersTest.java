package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.actors.object.ObjectStore;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.GenerationDelta;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others' users ran into, by the number of the issue that tells of it; each is a law of this replica. */
class BugsOfOthersTest {
    private static final int TOKENS = 12;
    /** Pages of it are full, so that they could be reused where they must not. */
    private static final int[] PROMPT =
            IntStream.range(0, 100).map(i -> 3 + 7 * i % 900).toArray();

    @TempDir
    private Path directory;

    @Test
    void vllm42125AReloadUnderTheSameNameReusesNoStalePrefix() {
        try (TestingReplica replica = replica(Map.of())) {
            String first = replica.adapter(1);
            String second = replica.adapter(2);
            replica.publish("boats", first);
            List<Integer> before = replica.answer("boats", PROMPT, TOKENS);
            replica.publish("boats", first, second);
            replica.serves("boats", 2);
            List<Integer> after = replica.answer("boats", PROMPT, TOKENS);
            replica.publish("never-asked-before", second);
            assertEquals(replica.answer("never-asked-before", PROMPT, TOKENS), after);
            assertNotEquals(before, after);
            assertEquals(before, replica.answer("boats:1", PROMPT, TOKENS));
        }
    }

    @Test
    void vllm47724AnAnswerInTheMakingKeepsItsAdapterWhenSlotsAreTakenByOthers() {
        try (TestingReplica replica = replica(Map.of("staged-adapters", 1))) {
            Map<String, List<Integer>> alone = tenants(replica, 6);
            Map.Entry<String, List<Integer>> talker = alone.entrySet().stream()
                    .filter(each -> each.getValue().size() == TOKENS)
                    .findFirst()
                    .orElseThrow();
            CompletionStage<List<Integer>> running = replica.tokens(replica.admit(talker.getKey(), PROMPT, 200));
            for (int round = 0; round < 3; round++) {
                alone.forEach((tenant, answer) -> assertEquals(answer, replica.answer(tenant, PROMPT, TOKENS)));
            }
            assertEquals(talker.getValue(), TestingReplica.get(running).subList(0, TOKENS));
        }
    }

    @Test
    void vllm33791AnAdapterIsReadOnceNotForEveryStep() throws IOException {
        try (TestingReplica replica = replica(Map.of())) {
            String digest = replica.adapter(1);
            replica.publish("boats", digest);
            List<Integer> before = replica.answer("boats", PROMPT, TOKENS);
            replica.artifacts.delete(digest);
            assertEquals(before, replica.answer("boats", PROMPT, TOKENS));
        }
    }

    @Test
    void sglang36894UnloadingAfterParallelSamplingDoesNotHang() {
        try (TestingReplica replica = replica(Map.of("staged-adapters", 1))) {
            Map<String, List<Integer>> alone = tenants(replica, 3);
            for (int round = 0; round < 5; round++) {
                for (String tenant : alone.keySet()) {
                    ServingReplica.Admitted several =
                            assertInstanceOf(ServingReplica.Admitted.class, replica.ask(tenant, PROMPT, 4, TOKENS));
                    for (Source<GenerationDelta, NotUsed> choice : several.choices()) {
                        assertEquals(alone.get(tenant), TestingReplica.get(replica.tokens(choice)));
                    }
                }
            }
        }
    }

    @Test
    void sglang23141OneAdapterMoreThanThereIsRoomForWaits() {
        try (TestingReplica replica = replica(Map.of("staged-bytes", 2 * TestingReplica.adapterBytes()))) {
            Map<String, List<Integer>> alone = tenants(replica, 3);
            alone.put(replica.engine.baseName(), replica.answer(replica.engine.baseName(), PROMPT, TOKENS));
            for (int round = 0; round < 5; round++) {
                Map<String, CompletionStage<List<Integer>>> together = new TreeMap<>();
                alone.keySet().forEach(model -> together.put(model, replica.answerLater(model, PROMPT, TOKENS)));
                together.forEach((model, answer) -> assertEquals(alone.get(model), TestingReplica.get(answer)));
            }
        }
    }

    @Test
    void sglang15129AnAdapterThatIsAlwaysInUseDoesNotKeepOthersOut() {
        try (TestingReplica replica = replica(Map.of("staged-bytes", TestingReplica.adapterBytes()))) {
            Map<String, List<Integer>> alone = tenants(replica, 2);
            AtomicBoolean served = new AtomicBoolean();
            List<CompletionStage<List<Integer>>> hot =
                    IntStream.range(0, 3).mapToObj(i -> again(replica, served)).toList();
            assertEquals(alone.get("t1"), replica.answer("t1", PROMPT, TOKENS));
            served.set(true);
            hot.forEach(each -> assertEquals(alone.get("t0"), TestingReplica.get(each)));
        }
    }

    /** One request after another, so that with others beside it one always runs. */
    private static CompletionStage<List<Integer>> again(TestingReplica replica, AtomicBoolean enough) {
        return replica.answerLater("t0", PROMPT, TOKENS)
                .thenCompose(
                        answer -> enough.get() ? CompletableFuture.completedStage(answer) : again(replica, enough));
    }

    @Test
    void llamacpp26207AnswersToOnePromptShareNothingBetweenAdapters() {
        try (TestingReplica replica = replica(Map.of())) {
            Map<String, List<Integer>> alone = tenants(replica, 4);
            assertEquals(4, Set.copyOf(alone.values()).size(), "adapters that can be told apart");
            for (String tenant : List.of("t3", "t0", "t2", "t1", "t0")) {
                assertEquals(alone.get(tenant), replica.answer(tenant, PROMPT, TOKENS));
            }
        }
    }

    @Test
    void vllmMetal464AnUnknownAdapterIsNotServedAsTheBase() {
        try (TestingReplica replica = replica(Map.of())) {
            replica.publish("boats", replica.adapter(1));
            for (String model : List.of("nobody", "boats:7", "boats@nothing")) {
                ServingReplica.Refused refused =
                        assertInstanceOf(ServingReplica.Refused.class, replica.ask(model, PROMPT, 1, TOKENS));
                assertEquals(ErrorCode.MODEL_NOT_FOUND, refused.code());
            }
        }
    }

    @Test
    void areal1193AnOldVersionStaysThereForWhoNamesIt() {
        try (TestingReplica replica = replica(Map.of("staged-adapters", 1))) {
            String first = replica.adapter(1);
            replica.publish("boats", first);
            List<Integer> before = replica.answer("boats:1", PROMPT, TOKENS);
            replica.publish("boats", first, replica.adapter(2), replica.adapter(3));
            replica.serves("boats", 3);
            assertEquals(before, replica.answer("boats:1", PROMPT, TOKENS));
        }
    }

    @Test
    void sglang13349AColdAdapterStopsNobodyElse() throws InterruptedException {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        Set<String> slow = ConcurrentHashMap.newKeySet();
        ObjectStore store = new SlowStore(
                FileObjectStore.in(directory), key -> slow.stream().anyMatch(key::startsWith), reading, released);
        try (TestingReplica replica = new TestingReplica(new ArtifactStore(store), Map.of())) {
            Map<String, List<Integer>> alone = tenants(replica, 1);
            String cold = replica.adapter(9);
            slow.add(cold);
            replica.publish("cold", cold);
            CompletionStage<List<Integer>> waits = replica.answerLater("cold", PROMPT, TOKENS);
            reading.await();
            assertEquals(alone.get("t0"), replica.answer("t0", PROMPT, TOKENS));
            assertFalse(waits.toCompletableFuture().isDone());
            released.countDown();
            assertEquals(TOKENS, TestingReplica.get(waits).size());
        }
    }

    @Test
    void aibrix1886AVersionThatCannotBeLoadedLeavesTheOldOneServing() throws IOException {
        try (TestingReplica replica = replica(Map.of())) {
            String first = replica.adapter(1);
            replica.publish("boats", first);
            replica.serves("boats", 1);
            List<Integer> before = replica.answer("boats", PROMPT, TOKENS);
            String gone = replica.adapter(2);
            replica.artifacts.delete(gone);
            replica.publish("boats", first, gone);
            assertInstanceOf(ServingReplica.Refused.class, replica.ask("boats:2", PROMPT, 1, TOKENS));
            assertEquals(before, replica.answer("boats", PROMPT, TOKENS));
        }
    }

    private TestingReplica replica(Map<String, Object> settings) {
        return new TestingReplica(new ArtifactStore(directory), settings);
    }

    /** Published, each with an adapter of its own, and what each answers while nobody else asks. */
    private static Map<String, List<Integer>> tenants(TestingReplica replica, int tenants) {
        Map<String, List<Integer>> alone = new TreeMap<>();
        for (int i = 0; i < tenants; i++) {
            replica.publish("t" + i, replica.adapter(i + 1));
            alone.put("t" + i, replica.answer("t" + i, PROMPT, TOKENS));
        }
        return alone;
    }
}
