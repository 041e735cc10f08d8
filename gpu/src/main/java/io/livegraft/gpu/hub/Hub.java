package io.livegraft.gpu.hub;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a base that is given as a directory or as a hub name, {@code org/name} or {@code org/name@revision}. What is
 * downloaded lies in the cache that all tools of the hub share (its layout: {@link HubCache}); weights come last, so that a
 * snapshot that has them has everything. Protocol: GET /api/models/(name)/revision/(revision) for commit and files, HEAD and
 * GET /(name)/resolve/(commit)/(file) for each.
 */
public final class Hub {
    private static final Logger LOG = LoggerFactory.getLogger(Hub.class);

    private final HubSettings settings;
    private final Consumer<HubProgress> progress;

    /** @param progress called about once a second while a file arrives, from the client's own thread */
    public Hub(HubSettings settings, Consumer<HubProgress> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /**
     * The directory that holds the base: the given one where it is there or can't be a hub name, else the model's snapshot.
     *
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} for a name that the hub doesn't know or give out,
     *     {@link ErrorCode#INVALID_MODEL} for a model without tokenizer or safetensors, {@link ErrorCode#UNAVAILABLE} when
     *     something is neither cached nor to be had now
     */
    public Path directory(Path base) {
        if (Files.exists(base)) {
            return base;
        }
        return HubName.parse(base.toString().replace('\\', '/'))
                .map(this::snapshot)
                .orElse(base);
    }

    private Path snapshot(HubName name) {
        HubCache cache = new HubCache(settings.cache(), name);
        if (settings.offline()) {
            return cached(cache).orElseThrow(() -> absent(cache, "HF_HUB_OFFLINE is set"));
        }
        try (HubClient client = new HubClient(settings, name)) {
            Optional<byte[]> description = describe(client, cache);
            return description.isEmpty()
                    ? cached(cache).orElseThrow()
                    : download(client, cache, ModelListing.parse(name, description.get()));
        }
    }

    /** Empty when the hub can't be reached and the cache has all of the model. */
    private static Optional<byte[]> describe(HubClient client, HubCache cache) {
        try {
            return Optional.of(client.model());
        } catch (LivegraftException refusal) {
            if (refusal.code() == ErrorCode.UNAVAILABLE && cached(cache).isPresent()) {
                LOG.warn(
                        "{}; the cached '{}' is used",
                        refusal.getMessage(),
                        cache.name().repository());
                return Optional.empty();
            }
            throw refusal;
        }
    }

    private static Optional<Path> cached(HubCache cache) {
        return cache.commit().map(cache::snapshot).filter(snapshot -> BaseFiles.missing(snapshot)
                .isEmpty());
    }

    private static LivegraftException absent(HubCache cache, String why) {
        String missing = cache.commit()
                .map(cache::snapshot)
                .flatMap(BaseFiles::missing)
                .map(file -> " lacks " + file + " of it")
                .orElse(" does not hold it");
        return new LivegraftException(
                ErrorCode.UNAVAILABLE,
                "'%s' at '%s' can't be loaded: %s, and the cache at %s%s"
                        .formatted(cache.name().repository(), cache.name().revision(), why, cache.root(), missing));
    }

    private Path download(HubClient client, HubCache cache, ModelListing listing) {
        Path snapshot = cache.snapshot(listing.commit());
        BlobDownload blobs = new BlobDownload(settings, cache, client, progress);
        String weights = BaseFiles.weights(cache.name(), listing.files());
        fetch(client, blobs, listing, BaseFiles.first(cache.name(), listing.files()));
        fetch(client, blobs, listing, List.of(weights));
        fetch(client, blobs, listing, BaseFiles.shards(snapshot.resolve(weights)));
        try {
            cache.remember(listing.commit());
        } catch (IOException e) {
            throw unwritable(cache, e);
        }
        return snapshot;
    }

    private static void fetch(HubClient client, BlobDownload blobs, ModelListing listing, Iterable<String> files) {
        for (String name : files) {
            if (!Files.exists(blobs.cache().snapshot(listing.commit()).resolve(name))) {
                RemoteFile file = client.describe(listing.commit(), name);
                blobs.fetch(listing.commit(), file);
                try {
                    blobs.cache().link(listing.commit(), file);
                } catch (IOException e) {
                    throw unwritable(blobs.cache(), e);
                }
            }
        }
    }

    private static LivegraftException unwritable(HubCache cache, IOException e) {
        return new LivegraftException(
                ErrorCode.UNAVAILABLE,
                "the cache at %s can't be written: %s".formatted(cache.root(), e.getMessage()),
                e);
    }
}
