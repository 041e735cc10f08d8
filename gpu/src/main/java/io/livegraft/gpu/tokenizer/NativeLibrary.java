package io.livegraft.gpu.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Settings that the tokenizer library reads from system properties when its classes load. A value given by the user, as
 * property or environment variable, is kept.
 */
final class NativeLibrary {
    private NativeLibrary() {}

    static void prepare() {
        setIfUnset("RUST_FLAVOR", "cpu"); // else a matching GPU makes it download another build
        setIfUnset("OPT_OUT_TRACKING", "true"); // else it calls an HTTP endpoint at start
        setIfUnset("ai.djl.offline", "true");
        if (unset("ENGINE_CACHE_DIR") && unset("DJL_CACHE_DIR")) {
            System.setProperty("ENGINE_CACHE_DIR", cacheDirectory().toString()); // else it unpacks into the home folder
        }
    }

    private static boolean unset(String name) {
        return System.getenv(name) == null && System.getProperty(name) == null;
    }

    private static void setIfUnset(String name, String value) {
        if (unset(name)) {
            System.setProperty(name, value);
        }
    }

    /** The user's own folder under java.io.tmpdir; a fresh one when somebody else made a folder of that name. */
    private static Path cacheDirectory() {
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
