package io.livegraft.actors.node;

import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterRegistry;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.registry.TenantIndex;
import io.livegraft.actors.registry.TenantPage;
import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.actors.signing.VerifyingKey;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** Asks the registry and the trainers. */
final class RegistryAdministration implements Administration {
    private static final Duration ASK = Duration.ofSeconds(10);

    private final ActorSystem<?> system;
    private final ActorRef<RegistryGuardian.Command> registry;
    private final TrainerList trainers;
    private final TenantIndex index;
    private final TrustedKeys keys;
    private final Metrics metrics;
    private final Executor blocking;

    RegistryAdministration(
            ActorSystem<?> system,
            ActorRef<RegistryGuardian.Command> registry,
            TrainerList trainers,
            TenantIndex index,
            TrustedKeys keys,
            Metrics metrics) {
        this.system = system;
        this.registry = registry;
        this.trainers = trainers;
        this.index = index;
        this.keys = keys;
        this.blocking = system.dispatchers().lookup(DispatcherSelector.blocking());
        this.metrics = metrics;
    }

    @Override
    public CompletionStage<TenantPage> adapters(TenantQuery query) {
        return CompletableFuture.supplyAsync(() -> page(query), blocking);
    }

    private TenantPage page(TenantQuery query) {
        try {
            return index.page(query);
        } catch (SQLException e) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "the list of tenants can't be read: " + e.getMessage(), e);
        }
    }

    @Override
    public CompletionStage<Optional<AdapterImage>> adapter(String tenant) {
        return ask(tenant, AdapterRegistry.Read::new)
                .thenApply(reply ->
                        reply instanceof AdapterRegistry.Done done ? Optional.of(done.image()) : Optional.empty());
    }

    @Override
    public CompletionStage<AdminReply> rollback(String tenant, OptionalInt toVersion, AdminAction action) {
        return change(tenant, replyTo -> new AdapterRegistry.Rollback(toVersion, action(action), replyTo))
                .thenApply(reply -> {
                    if (reply instanceof AdminReply.Done done && !done.repeated() && !action.dryRun()) {
                        metrics.rolledBack("manual");
                    }
                    return reply;
                });
    }

    @Override
    public CompletionStage<AdminReply> hold(String tenant, AdminAction action) {
        return change(tenant, replyTo -> new AdapterRegistry.Hold(action(action), replyTo));
    }

    @Override
    public CompletionStage<AdminReply> resume(String tenant, AdminAction action) {
        return change(tenant, replyTo -> new AdapterRegistry.Resume(action(action), replyTo));
    }

    @Override
    public CompletionStage<AdminReply> promote(String tenant, int version, AdminAction action) {
        return change(tenant, replyTo -> new AdapterRegistry.Promote(version, action(action), replyTo));
    }

    @Override
    public CompletionStage<List<TrainerStatus>> trainers() {
        return trainers.list();
    }

    @Override
    public List<VerifyingKey> signingKeys() {
        return keys.all();
    }

    private CompletionStage<AdminReply> change(
            String tenant, Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> request) {
        return ask(tenant, request)
                .thenApply(RegistryAdministration::reply)
                .exceptionally(failure -> new AdminReply.Refused(
                        ErrorCode.UNAVAILABLE, "the registry did not answer: " + failure.getMessage()));
    }

    private CompletionStage<AdapterRegistry.Reply> ask(
            String tenant, Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> request) {
        return AskPattern.ask(
                registry,
                replyTo -> new RegistryGuardian.ForTenant(tenant, request.apply(replyTo)),
                ASK,
                system.scheduler());
    }

    private static AdminReply reply(AdapterRegistry.Reply reply) {
        return switch (reply) {
            case AdapterRegistry.Done done -> new AdminReply.Done(done.image(), false);
            case AdapterRegistry.Repeated repeated -> new AdminReply.Done(repeated.image(), true);
            case AdapterRegistry.AlreadyDecided decided -> new AdminReply.Done(decided.image(), false);
            case AdapterRegistry.KeptAsCandidate kept -> new AdminReply.Done(kept.image(), false);
            case AdapterRegistry.Refused refused -> new AdminReply.Refused(refused.code(), refused.message());
        };
    }

    private static AdapterRegistry.Action action(AdminAction action) {
        return new AdapterRegistry.Action(
                action.principal(), action.reason(), action.expectedServing(), action.dryRun(), action.key());
    }
}
