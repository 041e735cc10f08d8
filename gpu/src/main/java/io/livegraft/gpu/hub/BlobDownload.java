package io.livegraft.gpu.hub;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;

/** Brings one blob into the cache: goes on where an earlier attempt ended, checks what arrived, then gives it its name. */
record BlobDownload(HubSettings settings, HubCache cache, HubClient client, Consumer<HubProgress> progress) {

    /** Does nothing where the blob is there, or was brought by somebody else meanwhile. */
    void fetch(String commit, RemoteFile file) {
        Path blob = cache.blob(file.etag());
        try {
            Files.createDirectories(blob.getParent());
            try (BlobLock _ = BlobLock.take(cache.lock(file.etag()))) {
                if (!Files.exists(blob)) {
                    complete(commit, file);
                    verify(file);
                    Files.move(cache.incomplete(file.etag()), blob, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "%s can't be written to the cache at %s: %s".formatted(file.name(), cache.root(), e.getMessage()),
                    e);
        } catch (InterruptedException interrupted) {
            throw Backoff.interrupted(interrupted);
        }
    }

    private void complete(String commit, RemoteFile file) throws IOException, InterruptedException {
        Backoff backoff = new Backoff(settings);
        while (present(file) < file.size() || !Files.exists(cache.incomplete(file.etag()))) {
            long before = present(file);
            requireRoom(file, before);
            try {
                attempt(commit, file);
            } catch (BlobSink.OffsetRefused refused) {
                Files.delete(cache.incomplete(file.etag()));
                backoff.after(refused);
            } catch (IOException failure) {
                requireRoom(file, present(file));
                if (present(file) > before) {
                    backoff.reset();
                }
                backoff.after(failure);
            }
        }
    }

    private void attempt(String commit, RemoteFile file) throws IOException, InterruptedException {
        try (BlobSink sink = new BlobSink(file, cache.incomplete(file.etag()), progress)) {
            client.download(commit, file.name(), sink);
        }
        if (present(file) < file.size()) {
            throw new IOException(
                    "it ended %s after %d of %d bytes".formatted(file.name(), present(file), file.size()));
        }
    }

    /** Bytes of an earlier attempt; more than the whole file are none. */
    private long present(RemoteFile file) throws IOException {
        Path partial = cache.incomplete(file.etag());
        if (!Files.exists(partial)) {
            return 0;
        }
        if (Files.size(partial) > file.size()) {
            Files.delete(partial);
            return 0;
        }
        return Files.size(partial);
    }

    private void requireRoom(RemoteFile file, long present) throws IOException {
        long usable = Files.getFileStore(cache.blob(file.etag()).getParent()).getUsableSpace();
        if (usable < file.size() - present) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "%s needs %d more bytes, but the disk of the cache at %s has %d left"
                            .formatted(file.name(), file.size() - present, cache.root(), usable));
        }
    }

    private void verify(RemoteFile file) throws IOException {
        Path partial = cache.incomplete(file.etag());
        if (!Checksum.matches(partial, file.etag())) {
            Files.delete(partial);
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "%s arrived with another checksum than %s and was removed; try again"
                            .formatted(file.name(), file.etag()));
        }
    }
}
