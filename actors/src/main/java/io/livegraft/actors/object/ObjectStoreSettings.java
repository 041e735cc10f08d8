package io.livegraft.actors.object;

import com.typesafe.config.Config;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Section {@code livegraft.object-store}: where checkpoints and adapters are kept. */
public sealed interface ObjectStoreSettings {
    /** In the state directory. */
    record LocalFiles() implements ObjectStoreSettings {}

    /** In a directory that several nodes see, on a file system whose renames are atomic for all of them. */
    record SharedFiles(Path directory) implements ObjectStoreSettings {}

    /**
     * In a bucket of an S3-compatible store; credentials come from the environment, as for every AWS SDK.
     *
     * @param endpoint empty takes the one of AWS in that region
     * @param prefix before every key, with its slash; may be empty
     * @param attempts at one request
     * @param connectTimeout of one connection
     * @param idleTimeout how long the store may be silent
     * @param timeout of a request with all its attempts
     */
    record S3(
            Optional<URI> endpoint,
            String bucket,
            String region,
            String prefix,
            int attempts,
            Duration connectTimeout,
            Duration idleTimeout,
            Duration timeout)
            implements ObjectStoreSettings {
        public S3 {
            if (bucket.isEmpty() || region.isEmpty() || attempts < 1) {
                throw new IllegalArgumentException(
                        "livegraft.object-store.s3: bucket '%s' and region '%s' must be named, attempts %d at least 1"
                                .formatted(bucket, region, attempts));
            }
        }
    }

    static ObjectStoreSettings from(Config store) {
        String kind = store.getString("kind").toLowerCase(Locale.ROOT);
        return switch (kind) {
            case "file" -> files(store.getString("directory"));
            case "s3" -> s3(store.getConfig("s3"));
            default ->
                throw new IllegalArgumentException(
                        "livegraft.object-store.kind is '%s', expected file or s3".formatted(kind));
        };
    }

    private static ObjectStoreSettings files(String directory) {
        return directory.isEmpty() ? new LocalFiles() : new SharedFiles(Path.of(directory));
    }

    private static S3 s3(Config s3) {
        String endpoint = s3.getString("endpoint");
        return new S3(
                endpoint.isEmpty() ? Optional.empty() : Optional.of(URI.create(endpoint)),
                s3.getString("bucket"),
                s3.getString("region"),
                s3.getString("prefix"),
                s3.getInt("attempts"),
                s3.getDuration("connect-timeout"),
                s3.getDuration("idle-timeout"),
                s3.getDuration("timeout"));
    }
}
