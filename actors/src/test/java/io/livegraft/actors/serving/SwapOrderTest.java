package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.registry.AdapterImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes between the parts of a swap: its decision, its flip, and what is told of it after. */
class SwapOrderTest {
    private static final int[] PROMPT = {5, 6, 7};

    @TempDir
    private Path directory;

    @Test
    void whoAsksRightBehindADecisionGetsWhatWasDecided() {
        try (TestingReplica replica = replica(Map.of())) {
            AdapterImage first = first(replica);
            Answers answers = new Answers(replica);
            replica.inOneGo(() -> {
                answers.ask("boats");
                replica.decide(serving(first, 1, 0));
                answers.ask("boats"); // between decision and flip
                answers.ask("boats@serving"); // between flip and telling
                answers.ask("boats:1");
                replica.decide(serving(first, 2, 1));
                answers.ask("boats");
            });
            assertEquals(List.of(1, 0, 0, 1, 1), answers.versions());
            assertEquals(Map.of("boats", 1), replica.served());
            assertEquals(3, replica.swaps());
        }
    }

    @Test
    void whatWasDecidedServesThoughNobodyAsks() {
        try (TestingReplica replica = replica(Map.of())) {
            AdapterImage first = first(replica);
            replica.decide(serving(first, 1, 0));
            while (!replica.served().equals(Map.of("boats", 0))) {
                Thread.onSpinWait();
            }
            assertEquals(0, replica.admit("boats", PROMPT, 1).version());
            assertEquals(2, replica.swaps());
        }
    }

    @Test
    void whatALaterDecisionOvertookNeverServes() {
        try (TestingReplica replica = replica(Map.of())) {
            AdapterImage first = first(replica);
            Answers answers = new Answers(replica);
            replica.inOneGo(() -> {
                replica.decide(serving(first, 1, 0));
                replica.decide(serving(first, 2, 1));
                answers.ask("boats");
            });
            assertEquals(List.of(1), answers.versions());
            assertEquals(1, replica.admit("boats", PROMPT, 1).version());
            assertEquals(Map.of("boats", 1), replica.served());
            assertEquals(1, replica.swaps());
        }
    }

    @Test
    void nothingIsToldToServeOfATenantThatWasForgottenSinceItsFlip() {
        try (TestingReplica replica = replica(Map.of("known-tenants", 1))) {
            AdapterImage first = first(replica);
            String other = replica.adapter(2);
            Answers answers = new Answers(replica);
            replica.inOneGo(() -> {
                replica.decide(serving(first, 1, 0));
                answers.ask("boats");
                replica.publish("trains", other);
            });
            assertEquals(List.of(0), answers.versions());
            replica.serves("trains", 1);
            assertEquals(Map.of("trains", 1), replica.served());
        }
    }

    /** Several requests, each with one token to answer. */
    private record Answers(TestingReplica replica, List<CompletionStage<ServingReplica.Reply>> replies) {
        Answers(TestingReplica replica) {
            this(replica, new ArrayList<>());
        }

        void ask(String model) {
            replies.add(replica.asked(model, PROMPT, 1, 1));
        }

        List<Integer> versions() {
            return replies.stream()
                    .map(TestingReplica::get)
                    .map(reply -> assertInstanceOf(ServingReplica.Admitted.class, reply))
                    .map(ServingReplica.Admitted::version)
                    .toList();
        }
    }

    private TestingReplica replica(Map<String, Object> settings) {
        return new TestingReplica(new ArtifactStore(directory), settings);
    }

    /** A tenant whose only version serves. */
    private static AdapterImage first(TestingReplica replica) {
        AdapterImage first = replica.publish("boats", replica.adapter(1));
        replica.serves("boats", 1);
        replica.served();
        return first;
    }

    /** A decision so many after that of {@code image}. */
    private static AdapterImage serving(AdapterImage image, int later, int number) {
        return new AdapterImage(
                image.tenant(),
                image.revision() + later,
                image.versions(),
                number,
                OptionalInt.of(image.serving()),
                image.candidate(),
                image.held(),
                image.history());
    }
}
