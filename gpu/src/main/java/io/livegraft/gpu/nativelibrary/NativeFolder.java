package io.livegraft.gpu.nativelibrary;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Where shared libraries that come inside jars are unpacked to. */
public final class NativeFolder {
    private NativeFolder() {}

    /** The user's own folder under java.io.tmpdir; a fresh one when somebody else made a folder of that name. */
    public static Path usersOwn() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        Path shared = temporary.resolve("livegraft-native-" + System.getProperty("user.name"));
        try {
            Path fresh = Files.createTempDirectory(temporary, "livegraft-native-");
            if (!Files.exists(shared)) {
                Files.createDirectories(shared, ownerOnly());
            }
            if (Files.isWritable(shared) && Files.getOwner(shared).equals(Files.getOwner(fresh))) {
                Files.delete(fresh);
                return shared;
            }
            return fresh;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "can't make a folder for native libraries under " + temporary + "; set ENGINE_CACHE_DIR", e);
        }
    }

    private static FileAttribute<?>[] ownerOnly() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }
}
