package io.livegraft.gateway;

import com.google.protobuf.TextFormat;
import io.livegraft.actors.node.AdminAction;
import io.livegraft.actors.node.Administration;
import io.livegraft.actors.node.FeedbackLog;
import io.livegraft.actors.node.GenerationRequest;
import io.livegraft.actors.node.Inference;
import io.livegraft.actors.node.LogAdministration;
import io.livegraft.actors.node.NodeHealth;
import io.livegraft.actors.node.Prompt;
import io.livegraft.actors.node.ServedVersion;
import io.livegraft.actors.node.TrainerStatus;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.IdempotencyKey;
import io.livegraft.actors.registry.Standing;
import io.livegraft.actors.registry.TenantPage;
import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.actors.registry.TenantRow;
import io.livegraft.actors.replay.Rebuild;
import io.livegraft.actors.scrub.Scrubbing;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.signing.VerifyingKey;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.PromptToken;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.generation.TokenLogprob;
import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A node made of answers: tenant {@code support} serves version 7 and answers {@code " Hello, wörld"}; other models have
 * their own way to misbehave.
 */
final class TestingNode implements Inference, Administration, LogAdministration, Scrubbing, FeedbackLog, NodeHealth {
    static final String BASE = "tiny";
    static final String BASE_DIGEST = "basedigest0123456789";

    private static final ServedVersion SERVED = new ServedVersion("support", 7, "adapterdigest0123456789");
    private static final List<PromptToken> PROMPT = List.of(
            new PromptToken(0, "H", OptionalDouble.empty(), List.of()),
            new PromptToken(1, "i", OptionalDouble.of(-1.5), List.of()));

    final List<GenerationRequest> requests = Collections.synchronizedList(new ArrayList<>());
    final List<FeedbackRecord> appended = Collections.synchronizedList(new ArrayList<>());
    /** Named with each token. */
    volatile List<TokenLogprob> likeliest = List.of();

    final List<TenantQuery> queries = Collections.synchronizedList(new ArrayList<>());
    final List<AdminAction> actions = Collections.synchronizedList(new ArrayList<>());
    final CompletableFuture<Done> endlessAnswerCancelled = new CompletableFuture<>();
    private final Set<IdempotencyKey> keys = ConcurrentHashMap.newKeySet();
    private final VerifyingKey key = SigningKey.generate().verifyingKey();
    final List<String> records = Collections.synchronizedList(new ArrayList<>());
    volatile Optional<Scrub> scrub = Optional.empty();
    volatile boolean ready = true;
    private volatile Optional<Rebuild.Target> target = Optional.empty();
    private volatile AdapterImage support = TestingImages.support();

    @Override
    public CompletionStage<Admission> generate(GenerationRequest request) {
        requests.add(request);
        String model = request.model();
        Admission admission =
                switch (model) {
                    case "support", "support:7" -> admitted(request.choices());
                    case "slow" -> admitted(words("one").initialDelay(Duration.ofMillis(200)));
                    case "dripping" ->
                        admitted(words("a", "b", "c", "d", "e", "f").throttle(1, Duration.ofMillis(100)));
                    case "endless" -> admitted(endless());
                    case "breaking" -> admitted(words("one").concatLazy(brokenLater()));
                    case "crowded" ->
                        new Admission.Refused(
                                ErrorCode.OVERLOADED, "all 32 places are taken", Optional.of(Duration.ofMillis(6100)));
                    case "greedy" -> new Admission.Refused(ErrorCode.QUOTA_EXCEEDED, "8 requests wait already");
                    case "long" -> new Admission.Refused(ErrorCode.CONTEXT_LENGTH_EXCEEDED, "600 tokens, at most 512");
                    case "bug" -> throw new IllegalStateException("bug");
                    default -> new Admission.Refused(ErrorCode.MODEL_NOT_FOUND, "there is no model " + model);
                };
        return CompletableFuture.completedStage(admission);
    }

    /** A failure that does not overtake what came before it. */
    private static Source<GenerationDelta, NotUsed> brokenLater() {
        return Source.lazyCompletionStage(() -> CompletableFuture.<GenerationDelta>supplyAsync(
                        () -> {
                            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the device has gone");
                        },
                        CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS)))
                .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    private static Admission admitted(Source<GenerationDelta, NotUsed> deltas) {
        return new Admission.Admitted(SERVED, 5, List.of(deltas));
    }

    /** The second of several answers says something else, a prompt that is to be scored comes with the first token. */
    private Admission admitted(List<SamplingSettings> choices) {
        List<Source<GenerationDelta, NotUsed>> all = new ArrayList<>();
        for (SamplingSettings choice : choices) {
            var words = all.isEmpty() ? words(" Hel", "lo,", "", " wörld") : words(" By", "e");
            var scored = choice.promptLogprobs()
                    ? words.statefulMap(() -> PROMPT, TestingNode::scored, left -> Optional.empty())
                    : words;
            all.add(choice.maxTokens() == 0 ? Source.single(GenerationDelta.ofPrompt(PROMPT)) : scored);
        }
        return new Admission.Admitted(SERVED, 5, all);
    }

    private static Pair<List<PromptToken>, GenerationDelta> scored(List<PromptToken> prompt, GenerationDelta delta) {
        return Pair.create(List.of(), delta.withPrompt(prompt));
    }

    private Source<GenerationDelta, NotUsed> words(String... words) {
        return Source.range(0, words.length - 1)
                .map(i -> new GenerationDelta(
                        i,
                        -0.5f,
                        Arrays.asList(words).get(i),
                        i == words.length - 1 ? Optional.of(FinishReason.STOP) : Optional.empty(),
                        likeliest))
                .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    private Source<GenerationDelta, NotUsed> endless() {
        return Source.tick(Duration.ZERO, Duration.ofMillis(5), new GenerationDelta(1, 0, "x", Optional.empty()))
                .<NotUsed>mapMaterializedValue(ignored -> NotUsed.getInstance())
                .watchTermination((ignored, done) -> {
                    done.whenComplete((ended, failure) -> endlessAnswerCancelled.complete(Done.getInstance()));
                    return NotUsed.getInstance();
                });
    }

    /** What the only request so far asked to continue. */
    Prompt onlyPrompt() {
        return requests.getFirst().prompt();
    }

    @Override
    public CompletionStage<TenantPage> adapters(TenantQuery query) {
        queries.add(query);
        var standing = new Standing(
                support.serving(),
                "digest7",
                support.previous(),
                support.candidate(),
                support.held(),
                support.versions().size());
        return CompletableFuture.completedStage(new TenantPage(
                List.of(new TenantRow("support", standing, Instant.EPOCH)),
                query.limit() == 1 ? Optional.of("support") : Optional.empty()));
    }

    @Override
    public CompletionStage<Optional<AdapterImage>> adapter(String tenant) {
        return CompletableFuture.completedStage(tenant.equals("support") ? Optional.of(support) : Optional.empty());
    }

    @Override
    public CompletionStage<AdminReply> rollback(String tenant, OptionalInt toVersion, AdminAction action) {
        return change(tenant, action, TestingImages.serving(support, toVersion.orElse(6), true));
    }

    @Override
    public CompletionStage<AdminReply> hold(String tenant, AdminAction action) {
        return change(tenant, action, TestingImages.serving(support, support.serving(), true));
    }

    @Override
    public CompletionStage<AdminReply> resume(String tenant, AdminAction action) {
        return change(tenant, action, TestingImages.serving(support, support.serving(), false));
    }

    @Override
    public CompletionStage<AdminReply> promote(String tenant, int version, AdminAction action) {
        return change(tenant, action, TestingImages.serving(support, version, support.held()));
    }

    private CompletionStage<AdminReply> change(String tenant, AdminAction action, AdapterImage next) {
        actions.add(action);
        int expected = action.expectedServing().orElse(support.serving());
        if (!tenant.equals("support")) {
            return refused(ErrorCode.MODEL_NOT_FOUND, "there is no tenant " + tenant);
        }
        if (expected != support.serving()) {
            return refused(
                    ErrorCode.CONFLICT, "support:%d is serving, not support:%d".formatted(support.serving(), expected));
        }
        boolean repeated = action.key().isPresent() && !keys.add(action.key().get());
        if (!action.dryRun()) {
            support = next;
        }
        return CompletableFuture.completedStage(new AdminReply.Done(next, repeated));
    }

    private static CompletionStage<AdminReply> refused(ErrorCode code, String message) {
        return CompletableFuture.completedStage(new AdminReply.Refused(code, message));
    }

    @Override
    public CompletionStage<List<TrainerStatus>> trainers() {
        return CompletableFuture.completedStage(
                List.of(new TrainerStatus("support", 12, 3, 240, 200, 20, 1, 2, 4, 0, Double.NaN, "cafe", 0, true)));
    }

    @Override
    public CompletionStage<Reply> forget(String tenant, String subject, AdminAction action) {
        return written(tenant, "forget " + subject, action);
    }

    @Override
    public CompletionStage<Reply> reset(String tenant, int version, AdminAction action) {
        return written(tenant, "reset to " + version, action);
    }

    @Override
    public CompletionStage<Reply> configure(String tenant, Configure values, AdminAction action) {
        return written(
                tenant,
                "configure "
                        + TextFormat.printer()
                                .emittingSingleLine(true)
                                .printToString(values)
                                .strip(),
                action);
    }

    private CompletionStage<Reply> written(String tenant, String record, AdminAction action) {
        if (!tenant.equals("support")) {
            return CompletableFuture.completedStage(
                    new Reply.Refused(ErrorCode.MODEL_NOT_FOUND, "there is no tenant " + tenant));
        }
        records.add("%s because %s".formatted(record, action.reason()));
        return CompletableFuture.completedStage(
                action.dryRun()
                        ? new Reply.Written(OptionalInt.empty(), OptionalLong.empty())
                        : new Reply.Written(OptionalInt.of(3), OptionalLong.of(241)));
    }

    @Override
    public Scrub start() {
        scrub = Optional.of(new Scrub.Running(1));
        return scrub.get();
    }

    @Override
    public Optional<Scrub> latest() {
        return scrub;
    }

    @Override
    public CompletionStage<RebuildReply> rebuild(String tenant, int version, SortedSet<String> without) {
        if (version != 7) {
            return CompletableFuture.completedStage(
                    new RebuildReply.Refused(ErrorCode.MODEL_NOT_FOUND, "there is no version " + version));
        }
        target = Optional.of(new Rebuild.Target(tenant, version, 3, 240, "abc", true, without));
        return CompletableFuture.completedStage(new RebuildReply.Started(new Rebuild.Running("1", target.get())));
    }

    @Override
    public Optional<Rebuild> rebuilt(String id) {
        return switch (id) {
            case "1" -> target.map(asked -> new Rebuild.Done("1", asked, "abc", 200, 25, 1.5));
            case "2" ->
                target.map(asked -> new Rebuild.Failed(
                        "2", asked, new LivegraftException(ErrorCode.UNAVAILABLE, "the log begins at 17")));
            default -> Optional.empty();
        };
    }

    @Override
    public List<VerifyingKey> signingKeys() {
        return List.of(key);
    }

    @Override
    public CompletionStage<Appended> append(String tenant, FeedbackRecord record) {
        if (record.getCompletion().isEmpty()) {
            return CompletableFuture.failedStage(
                    new LivegraftException(ErrorCode.INVALID_REQUEST, "completion is empty"));
        }
        appended.add(record);
        return CompletableFuture.completedStage(new Appended(3, 100 + appended.size()));
    }

    @Override
    public boolean ready() {
        return ready;
    }

    @Override
    public SequencedMap<String, String> checks() {
        SequencedMap<String, String> checks = new LinkedHashMap<>();
        checks.put("engine", "ok");
        checks.put("kafka", ready ? "ok" : "no broker at 127.0.0.1:9092");
        return checks;
    }
}
