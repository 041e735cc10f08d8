package io.livegraft.actors.object;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Objects in a bucket of an S3-compatible store that knows conditional writes (If-None-Match, If-Match). A write under a
 * condition is tried once: if its answer is lost nobody knows whether it was stored, and a second try would be refused by the
 * first.
 */
public final class S3ObjectStore implements ObjectStore, AutoCloseable {
    private static final int NOT_FOUND = 404;
    private static final int PRECONDITION_FAILED = 412;

    private final ObjectStoreSettings.S3 settings;
    private final String prefix;
    private final S3Client patient;
    private final S3Client once;

    /** All keys begin with the setting's prefix and then {@code folder}, which ends with a slash or is empty. */
    public S3ObjectStore(ObjectStoreSettings.S3 settings, String folder, AwsCredentialsProvider credentials) {
        this.settings = settings;
        this.prefix = settings.prefix() + folder;
        this.patient = client(settings, credentials, settings.attempts());
        this.once = client(settings, credentials, 1);
    }

    private static S3Client client(ObjectStoreSettings.S3 settings, AwsCredentialsProvider credentials, int attempts) {
        var builder = S3Client.builder()
                .credentialsProvider(credentials)
                .region(Region.of(settings.region()))
                .forcePathStyle(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .httpClientBuilder(ApacheHttpClient.builder()
                        .connectionTimeout(settings.connectTimeout())
                        .socketTimeout(settings.idleTimeout()))
                .overrideConfiguration(override -> override.apiCallTimeout(settings.timeout())
                        .retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(attempts)
                                .build()));
        settings.endpoint().ifPresent(builder::endpointOverride);
        return builder.build();
    }

    @Override
    public Written put(String key, byte[] bytes, Condition condition) throws IOException {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(settings.bucket()).key(prefix + key);
        S3Client client =
                switch (condition) {
                    case Condition.Any any -> patient;
                    case Condition.Absent absent -> {
                        alone(request).ifNoneMatch("*");
                        yield once;
                    }
                    case Condition.Matches(String etag) -> {
                        alone(request).ifMatch(etag);
                        yield once;
                    }
                };
        try {
            return new Written.Stored(client.putObject(request.build(), RequestBody.fromBytes(bytes))
                    .eTag());
        } catch (S3Exception e) {
            boolean gone = condition instanceof Condition.Matches && e.statusCode() == NOT_FOUND;
            if (e.statusCode() == PRECONDITION_FAILED || gone) {
                return new Written.Refused();
            }
            throw failed("written", key, e);
        } catch (SdkException e) {
            throw failed("written", key, e);
        }
    }

    /** On a connection of its own: servers close those on which they refused a body, and such a write is not tried again. */
    private static PutObjectRequest.Builder alone(PutObjectRequest.Builder request) {
        return request.overrideConfiguration(override -> override.putHeader("Connection", "close"));
    }

    @Override
    public Optional<StoredObject> get(String key) throws IOException {
        try {
            ResponseBytes<GetObjectResponse> found = patient.getObjectAsBytes(
                    request -> request.bucket(settings.bucket()).key(prefix + key));
            return Optional.of(
                    new StoredObject(found.asByteArray(), found.response().eTag()));
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        } catch (SdkException e) {
            throw failed("read", key, e);
        }
    }

    @Override
    public List<Child> list(String folder) throws IOException {
        String path = prefix + (folder.isEmpty() ? "" : folder + "/");
        List<Child> children = new ArrayList<>();
        try {
            for (ListObjectsV2Response page : patient.listObjectsV2Paginator(
                    request -> request.bucket(settings.bucket()).prefix(path).delimiter("/"))) {
                page.contents().forEach(object -> children.add(child(object.key(), path, false)));
                page.commonPrefixes().forEach(common -> children.add(child(common.prefix(), path, true)));
            }
        } catch (SdkException e) {
            throw failed("listed", folder, e);
        }
        children.sort(Comparator.comparing(Child::name));
        return children;
    }

    private static Child child(String key, String path, boolean folder) {
        return new Child(key.substring(path.length(), folder ? key.length() - 1 : key.length()), folder);
    }

    @Override
    public void delete(String key) throws IOException {
        try {
            patient.deleteObject(request -> request.bucket(settings.bucket()).key(prefix + key));
        } catch (SdkException e) {
            throw failed("deleted", key, e);
        }
    }

    @Override
    public void close() {
        patient.close();
        once.close();
    }

    private IOException failed(String what, String key, SdkException e) {
        return new IOException(
                "object %s%s of bucket %s can't be %s: %s"
                        .formatted(prefix, key, settings.bucket(), what, e.getMessage()),
                e);
    }
}
