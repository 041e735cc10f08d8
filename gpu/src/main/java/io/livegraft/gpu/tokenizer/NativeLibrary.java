package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.nativelibrary.NativeFolder;

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
            System.setProperty(
                    "ENGINE_CACHE_DIR", NativeFolder.usersOwn().toString()); // else it unpacks into the home folder
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
}
