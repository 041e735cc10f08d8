package io.livegraft.gpu.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The driver library that stands in for NVIDIA's where there is no card: loaded before JCuda, it is the one JCuda calls. */
final class StandInDriver {
    private static boolean loaded;

    private StandInDriver() {}

    /** Skips the calling test where there is no g++. */
    @SuppressWarnings("restricted")
    static synchronized void load() {
        Assumptions.assumeFalse(StandIn.ON_CARD, "the card's own driver is in its place");
        Assumptions.assumeTrue(HostCompiler.present(), "no g++ to build the stand-in driver with");
        if (!loaded) {
            System.load(HostCompiler.driver().toString());
            loaded = true;
        }
    }

    /** The order of threads and blocks of all launches from now on. */
    static void order(FiberOrder order, long seed) {
        call("standInOrder", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), order.code, seed);
    }

    /** Page-locked now. */
    static long pinnedBytes() {
        return (long) call("standInPinnedBytes", FunctionDescriptor.of(JAVA_LONG));
    }

    @SuppressWarnings("restricted")
    private static Object call(String name, FunctionDescriptor type, Object... arguments) {
        Path library = HostCompiler.driver();
        var function = SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(name);
        try {
            return Linker.nativeLinker().downcallHandle(function, type).invokeWithArguments(arguments);
        } catch (Throwable failed) {
            throw new AssertionError(failed);
        }
    }
}
