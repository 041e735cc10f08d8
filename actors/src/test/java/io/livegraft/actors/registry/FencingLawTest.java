package io.livegraft.actors.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.checkpoint.PublishManifest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Law 1 against zombies: an owner that was paused, and wakes after its partition moved, publishes nothing. It may say again
 * what was decided already, because the same log prefix gives the same digest.
 */
class FencingLawTest {
    private static final int TRIES = 1000;

    @TempDir
    private Path directory;

    private TestingRegistry registry;

    @BeforeEach
    void start() {
        registry = new TestingRegistry(new DatabaseSettings.H2(4), directory);
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void anOwnerThatWakesAfterItsPartitionMovedPublishesNothing() {
        Tally tally = tries(true);
        assertEquals(0, tally.stalePublishes());
        assertTrue(tally.repeated() > 0 && tally.refused() > 0, tally.toString());
    }

    /** The mutant: without a new epoch a fork with the right parent passes compare-and-set. */
    @Test
    void withoutANewEpochAForkOfAZombieIsPublished() {
        assertTrue(tries(false).stalePublishes() > 0);
    }

    private record Tally(int stalePublishes, int refused, int repeated) {}

    private Tally tries(boolean numbered) {
        long seed = System.nanoTime();
        System.out.println("FencingLawTest seed " + seed + (numbered ? "" : ", without epochs"));
        Random random = new Random(seed);
        List<CompletionStage<AdapterRegistry.Reply>> zombies = new ArrayList<>();
        for (int i = 0; i < TRIES; i++) {
            zombies.addAll(new Try("tenant-%d-%s".formatted(i, numbered), i, numbered, random).run());
        }
        int stale = 0;
        int refused = 0;
        int repeated = 0;
        for (CompletionStage<AdapterRegistry.Reply> zombie : zombies) {
            switch (TestingRegistry.get(zombie)) {
                case AdapterRegistry.Done done -> stale++;
                case AdapterRegistry.KeptAsCandidate candidate -> stale++;
                case AdapterRegistry.Refused refusal -> refused++;
                case AdapterRegistry.AlreadyDecided decided -> repeated++;
                case AdapterRegistry.Repeated change -> throw new AssertionError(change);
            }
        }
        Tally tally = new Tally(stale, refused, repeated);
        System.out.println("FencingLawTest: %d tries, %s".formatted(TRIES, tally));
        return tally;
    }

    /** One tenant whose partition moves from one owner to the next while the first one is paused. */
    private final class Try {
        private final String tenant;
        private final int partition;
        private final boolean numbered;
        private final Random random;
        private final TestingOffers offers;
        private final List<CompletionStage<AdapterRegistry.Reply>> zombies = new ArrayList<>();

        private Try(String tenant, int partition, boolean numbered, Random random) {
            this.tenant = tenant;
            this.partition = partition;
            this.numbered = numbered;
            this.random = random;
            this.offers = new TestingOffers(tenant);
        }

        /** What the zombie was answered. */
        private List<CompletionStage<AdapterRegistry.Reply>> run() {
            long first = assigned();
            registry.register(tenant, first);
            int decided = random.nextInt(4);
            for (int number = 1; number <= decided; number++) {
                offer(offers.offer(number), first);
            }
            long second = assigned();
            registry.register(tenant, second);
            int next = decided + 1;
            for (int message = 0; message < 6; message++) {
                if (random.nextBoolean()) {
                    offer(offers.offer(next++), second);
                } else {
                    zombies.add(offer(offerOfAZombie(next), first));
                }
            }
            return zombies;
        }

        private long assigned() {
            return numbered ? registry.take(tenant, partition) : 1;
        }

        /** An older one, the next one as everybody would make it, or one that only a broken owner makes. */
        private PublishManifest offerOfAZombie(int next) {
            int number = Math.max(1, next - random.nextInt(3));
            return random.nextInt(3) == 0
                    ? offers.offer("fork" + number, number == 1 ? "" : "d" + (number - 1))
                    : offers.offer(number);
        }

        private CompletionStage<AdapterRegistry.Reply> offer(PublishManifest manifest, long epoch) {
            PublishManifest mine = manifest.toBuilder().setEpoch(epoch).build();
            return registry.ask(tenant, replyTo -> new AdapterRegistry.Publish(mine, TestingOffers.PASSED, replyTo));
        }
    }
}
