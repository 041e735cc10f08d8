package io.livegraft.actors.node;

import io.livegraft.actors.serving.ServingReplica;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** Encodes prompts and asks the replica. */
final class ReplicaInference implements Inference {
    // Longer than staging a cold adapter takes.
    private static final Duration ASK = Duration.ofSeconds(30);

    private final ActorSystem<?> system;
    private final ActorRef<ServingReplica.Command> serving;
    private final Tokenizer tokenizer;
    private final String baseName;

    ReplicaInference(
            ActorSystem<?> system, ActorRef<ServingReplica.Command> serving, Tokenizer tokenizer, String baseName) {
        this.system = system;
        this.serving = serving;
        this.tokenizer = tokenizer;
        this.baseName = baseName;
    }

    @Override
    public CompletionStage<Admission> generate(GenerationRequest request) {
        OptionalLong deadline = request.deadline().stream()
                .mapToLong(limit -> System.nanoTime() + limit.toNanos())
                .findFirst();
        return CompletableFuture.supplyAsync(
                        () -> ids(request.prompt()),
                        system.dispatchers().lookup(DispatcherSelector.defaultDispatcher()))
                .thenCompose(ids -> AskPattern.<ServingReplica.Command, ServingReplica.Reply>ask(
                        serving,
                        replyTo ->
                                new ServingReplica.Generate(request.model(), ids, request.choices(), deadline, replyTo),
                        ASK,
                        system.scheduler()))
                .thenApply(reply -> admission(reply, beginsWithSpace(request.prompt())))
                .exceptionally(ReplicaInference::refused);
    }

    private int[] ids(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text text -> tokenizer.encode(text.text());
            case Prompt.Chat chat -> tokenizer.chat().prompt(chat.conversation(), Instant.now());
        };
    }

    private boolean beginsWithSpace(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text _ -> false;
            case Prompt.Chat _ -> tokenizer.chat().answerFollowsSpace();
        };
    }

    private static Admission refused(Throwable failure) {
        return failure.getCause() instanceof LivegraftException refusal
                ? new Admission.Refused(refusal.code(), String.valueOf(refusal.getMessage()))
                : new Admission.Refused(
                        ErrorCode.UNAVAILABLE, "the request could not be admitted: " + failure.getMessage());
    }

    private Admission admission(ServingReplica.Reply reply, boolean beginsWithSpace) {
        return switch (reply) {
            case ServingReplica.Refused refused ->
                new Admission.Refused(refused.code(), refused.message(), refused.retryAfter());
            case ServingReplica.Admitted admitted ->
                new Admission.Admitted(
                        admitted.tenant()
                                .map(tenant -> new ServedVersion(tenant, admitted.version(), admitted.digest()))
                                .orElseGet(() -> ServedVersion.ofBase(baseName, admitted.digest())),
                        admitted.promptTokens(),
                        beginsWithSpace
                                ? admitted.choices().stream()
                                        .map(LeadingSpace::removed)
                                        .toList()
                                : admitted.choices());
        };
    }
}
