package io.livegraft.actors.node;

import io.livegraft.actors.ingest.FeedbackDecoder;
import io.livegraft.actors.ingest.LogWriter;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.replay.Rebuild;
import io.livegraft.actors.replay.Rebuilds;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.Configure;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Forget;
import io.livegraft.proto.feedback.Reset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Writes control entries to the partition that a tenant's log is in. */
final class KafkaLogAdministration implements LogAdministration {
    private final Administration administration;
    private final LogWriter writer;
    private final FeedbackDecoder decoder;
    private final Rebuilds rebuilds;
    private final String topic;
    private final String configDigest;

    KafkaLogAdministration(
            Administration administration,
            LogWriter writer,
            FeedbackDecoder decoder,
            Rebuilds rebuilds,
            String topic,
            String configDigest) {
        this.administration = administration;
        this.writer = writer;
        this.decoder = decoder;
        this.rebuilds = rebuilds;
        this.topic = topic;
        this.configDigest = configDigest;
    }

    @Override
    public CompletionStage<Reply> forget(String tenant, String subject, AdminAction action) {
        Forget forget = Forget.newBuilder().setSubject(subject).build();
        return known(tenant, image -> write(image, FeedbackRecord.newBuilder().setForget(forget), action));
    }

    @Override
    public CompletionStage<Reply> configure(String tenant, Configure values, AdminAction action) {
        return known(tenant, image -> write(image, FeedbackRecord.newBuilder().setConfigure(values), action));
    }

    @Override
    public CompletionStage<Reply> reset(String tenant, int version, AdminAction action) {
        return known(tenant, image -> {
            Optional<Reset> reset = version == 0
                    ? Optional.of(Reset.newBuilder().setOffset(-1).build())
                    : image.version(version).map(KafkaLogAdministration::reset);
            return reset.map(to -> write(image, FeedbackRecord.newBuilder().setReset(to), action))
                    .orElseGet(() -> refused(ErrorCode.MODEL_NOT_FOUND, noVersion(image, version)));
        });
    }

    private static Reset reset(AdapterVersion to) {
        return Reset.newBuilder()
                .setOffset(to.offset())
                .setAdapterDigest(to.digest())
                .build();
    }

    @Override
    public CompletionStage<RebuildReply> rebuild(String tenant, int version, SortedSet<String> without) {
        return administration.adapter(tenant).thenApply(found -> {
            if (found.isEmpty()) {
                return new RebuildReply.Refused(ErrorCode.MODEL_NOT_FOUND, noTenant(tenant));
            }
            AdapterImage image = found.get();
            return image.version(version)
                    .map(published -> rebuild(tenant, published, without))
                    .orElseGet(() -> new RebuildReply.Refused(ErrorCode.MODEL_NOT_FOUND, noVersion(image, version)));
        });
    }

    private RebuildReply rebuild(String tenant, AdapterVersion published, SortedSet<String> without) {
        Rebuild.Target target = new Rebuild.Target(
                tenant,
                published.number(),
                published.partition(),
                published.offset(),
                published.digest(),
                published.lineage().configDigest().equals(configDigest),
                without);
        try {
            return new RebuildReply.Started(rebuilds.start(target));
        } catch (LivegraftException e) {
            return new RebuildReply.Refused(e.code(), String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Optional<Rebuild> rebuilt(String id) {
        return rebuilds.find(id);
    }

    private CompletionStage<Reply> write(AdapterImage image, FeedbackRecord.Builder unsigned, AdminAction action) {
        FeedbackRecord record = unsigned.setPrincipal(action.principal())
                .setReason(action.reason())
                .build();
        Optional<String> reason = decoder.check(image.tenant(), record);
        if (reason.isPresent()) {
            return refused(ErrorCode.INVALID_REQUEST, reason.get());
        }
        OptionalInt expected = action.expectedServing();
        if (expected.isPresent() && expected.getAsInt() != image.serving()) {
            return refused(
                    ErrorCode.CONFLICT,
                    "version %d of %s was expected to serve, but version %d does"
                            .formatted(expected.getAsInt(), image.tenant(), image.serving()));
        }
        return action.dryRun()
                ? CompletableFuture.completedStage(new Reply.Written(OptionalInt.empty(), OptionalLong.empty()))
                : append(image, record);
    }

    private CompletionStage<Reply> append(AdapterImage image, FeedbackRecord record) {
        return partition(image)
                .thenCompose(partition -> append(image.tenant(), partition, record.toByteArray()))
                .<Reply>thenApply(metadata ->
                        new Reply.Written(OptionalInt.of(metadata.partition()), OptionalLong.of(metadata.offset())))
                .exceptionally(failure -> new Reply.Refused(
                        ErrorCode.UNAVAILABLE, "the feedback log did not take the record: " + failure));
    }

    private CompletionStage<RecordMetadata> append(String tenant, OptionalInt partition, byte[] value) {
        return partition.isPresent()
                ? writer.append(topic, partition.getAsInt(), tenant, value)
                : writer.append(topic, tenant, value);
    }

    /** Where the tenant's log is; for one without a trainer or version yet its key says so, as for its events. */
    private CompletionStage<OptionalInt> partition(AdapterImage image) {
        return administration.trainers().thenApply(trainers -> IntStream.concat(
                        trainers.stream()
                                .filter(status -> status.tenant().equals(image.tenant()))
                                .mapToInt(TrainerStatus::partition),
                        image.versions().stream().mapToInt(AdapterVersion::partition))
                .findFirst());
    }

    private CompletionStage<Reply> known(String tenant, Function<AdapterImage, CompletionStage<Reply>> change) {
        return administration.adapter(tenant).thenCompose(found -> found.map(change)
                .orElseGet(() -> refused(ErrorCode.MODEL_NOT_FOUND, noTenant(tenant))));
    }

    private static String noTenant(String tenant) {
        return "there is no tenant %s".formatted(tenant);
    }

    private static String noVersion(AdapterImage image, int version) {
        List<Integer> retained =
                image.versions().stream().map(AdapterVersion::number).toList();
        return "%s has no version %d; retained are %s".formatted(image.tenant(), version, retained);
    }

    private static CompletionStage<Reply> refused(ErrorCode code, String message) {
        return CompletableFuture.completedStage(new Reply.Refused(code, message));
    }
}
