package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.nativelibrary.NativeFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings that the tokenizer library reads from system properties when its classes load. A value given by the user, as
 * property or environment variable, is kept.
 */
final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);

    private static final String GPU_BY_PROCESS = "ai.djl.util.cuda.fork";

    private NativeLibrary() {}

    static synchronized void prepare() {
        setIfUnset("RUST_FLAVOR", "cpu"); // else a matching GPU makes it download another build
        setIfUnset("OPT_OUT_TRACKING", "true"); // else it calls an HTTP endpoint at start
        setIfUnset("ai.djl.offline", "true");
        lookForNoGpu();
        if (unset("ENGINE_CACHE_DIR") && unset("DJL_CACHE_DIR")) {
            System.setProperty(
                    "ENGINE_CACHE_DIR", NativeFolder.usersOwn().toString()); // else it unpacks into the home folder
        }
    }

    /**
     * While the class that asks for a GPU loads it is told that another process will, which none does: else it unpacks JNA and starts
     * {@code ldconfig} in search of CUDA at every start, whatever {@code RUST_FLAVOR} says.
     */
    private static void lookForNoGpu() {
        if (unset(GPU_BY_PROCESS)) {
            System.setProperty(GPU_BY_PROCESS, "true");
            try {
                Class.forName("ai.djl.util.cuda.CudaUtils");
            } catch (ClassNotFoundException renamed) {
                LOG.debug("the tokenizer library looks for a GPU", renamed);
            } finally {
                System.clearProperty(GPU_BY_PROCESS);
            }
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
