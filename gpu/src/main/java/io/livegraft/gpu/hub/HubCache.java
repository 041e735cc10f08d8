package io.livegraft.gpu.hub;

import io.livegraft.gpu.safetensors.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One model's part of the cache, as every tool of the hub lays it out:
 *
 * <pre>
 * models--org--name/blobs/(etag)                contents; (etag).incomplete while they arrive
 * models--org--name/refs/(revision)             the commit that a branch or tag was last seen at, 40 digits, no newline
 * models--org--name/snapshots/(commit)/(file)   link to ../../blobs/(etag)
 * .locks/models--org--name/(etag).lock          held by whoever downloads that blob
 * </pre>
 */
record HubCache(Path root, HubName name) {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    Path snapshot(String commit) {
        return repository().resolve("snapshots").resolve(commit);
    }

    Path blob(String etag) {
        return repository().resolve("blobs").resolve(etag);
    }

    Path incomplete(String etag) {
        return repository().resolve("blobs").resolve(etag + ".incomplete");
    }

    Path lock(String etag) {
        return root.resolve(".locks").resolve(folder()).resolve(etag + ".lock");
    }

    /** The commit that the name's revision was last seen at. */
    Optional<String> commit() {
        if (isCommit(name.revision())) {
            return Optional.of(name.revision());
        }
        try {
            return Files.isRegularFile(reference())
                    ? Optional.of(Files.readString(reference()).strip()).filter(HubCache::isCommit)
                    : Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    void remember(String commit) throws IOException {
        if (!isCommit(name.revision()) && !commit().equals(Optional.of(commit))) {
            Files.createDirectories(reference().getParent());
            DurableFile.write(reference(), commit.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Makes a blob that is there visible under its name; copies where the file system has no links. */
    void link(String commit, RemoteFile file) throws IOException {
        Path directory = snapshot(commit);
        Path link = directory.resolve(file.name());
        Files.createDirectories(directory);
        if (Files.isSymbolicLink(link) && !Files.exists(link)) {
            Files.delete(link);
        }
        try {
            Files.createSymbolicLink(link, directory.relativize(blob(file.etag())));
        } catch (FileAlreadyExistsException another) {
            if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                throw another;
            }
        } catch (UnsupportedOperationException noLinks) {
            Files.copy(blob(file.etag()), link);
        }
    }

    private Path reference() {
        return repository().resolve("refs").resolve(name.revision());
    }

    private Path repository() {
        return root.resolve(folder());
    }

    private String folder() {
        return "models--" + name.org() + "--" + name.name();
    }
}
