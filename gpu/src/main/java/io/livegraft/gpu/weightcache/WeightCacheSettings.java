package io.livegraft.gpu.weightcache;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The weight cache's part of section {@code livegraft.engine}.
 *
 * @param directory empty keeps nothing
 * @param maxBytes of all files together; the least recently used go first
 * @param hugePages copies a file into huge pages, which decode faster; else it is mapped, and processes share its memory
 */
public record WeightCacheSettings(Optional<Path> directory, long maxBytes, boolean hugePages) {
    /** Keeps nothing. */
    public static final WeightCacheSettings OFF = new WeightCacheSettings(Optional.empty(), 0, true);

    private static final String USERS_OWN = "auto";
    private static final String NONE = "off";

    public WeightCacheSettings {
        if (maxBytes < 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.engine.quantized-cache-bytes is %d, expected at least 0".formatted(maxBytes));
        }
    }

    /** Reads the engine's section; the user's own cache is where the given environment has it. */
    public static WeightCacheSettings from(Config engine, Map<String, String> environment) {
        return new WeightCacheSettings(
                directory(engine.getString("quantized-cache"), environment),
                engine.getBytes("quantized-cache-bytes"),
                engine.getBoolean("huge-pages"));
    }

    private static Optional<Path> directory(String text, Map<String, String> environment) {
        if (text.isBlank() || text.equals(NONE)) {
            return Optional.empty();
        }
        return Optional.of(text.equals(USERS_OWN) ? usersOwn(environment) : Path.of(text));
    }

    private static Path usersOwn(Map<String, String> environment) {
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (caches.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(caches))
                .resolve("livegraft")
                .resolve("weights");
    }
}
