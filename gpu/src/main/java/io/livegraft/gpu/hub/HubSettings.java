package io.livegraft.gpu.hub;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Section {@code livegraft.hub} of the configuration, and the environment variables that all tools of the hub share.
 *
 * @param endpoint HF_ENDPOINT, without a slash at its end
 * @param cache HF_HUB_CACHE, or {@code hub} under HF_HOME; that is {@code huggingface} under XDG_CACHE_HOME or ~/.cache
 * @param token HF_TOKEN, or the file HF_TOKEN_PATH or {@code token} under HF_HOME
 * @param offline HF_HUB_OFFLINE: the cache alone
 * @param attempts at one request, or at one file since its last new byte
 * @param backoff pause after the first failure; doubles with each further one
 * @param idleTimeout how long a server may be silent
 */
public record HubSettings(
        URI endpoint,
        Path cache,
        Optional<AccessToken> token,
        boolean offline,
        int attempts,
        Duration backoff,
        Duration connectTimeout,
        Duration idleTimeout) {
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

    public HubSettings {
        if (attempts < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.hub.attempts is %d, expected at least 1".formatted(attempts));
        }
        if (!Set.of("http", "https").contains(String.valueOf(endpoint.getScheme())) || endpoint.getHost() == null) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the hub's endpoint is '%s', expected an http or https address".formatted(endpoint));
        }
    }

    /** Reads the section and the given environment. */
    public static HubSettings from(Config hub, Map<String, String> environment) {
        Path home = home(environment);
        return new HubSettings(
                endpoint(hub.getString("endpoint")),
                first(environment, "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
                        .map(Path::of)
                        .orElse(home.resolve("hub")),
                token(environment, home),
                first(environment, "HF_HUB_OFFLINE")
                        .map(value -> TRUE.contains(value.toUpperCase(Locale.ROOT)))
                        .orElse(false),
                hub.getInt("attempts"),
                hub.getDuration("backoff"),
                hub.getDuration("connect-timeout"),
                hub.getDuration("idle-timeout"));
    }

    private static URI endpoint(String text) {
        try {
            return URI.create(text.replaceAll("/+$", ""));
        } catch (IllegalArgumentException broken) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the hub's endpoint is '%s', expected an http or https address".formatted(text),
                    broken);
        }
    }

    private static Path home(Map<String, String> environment) {
        return first(environment, "HF_HOME").map(Path::of).orElseGet(() -> first(environment, "XDG_CACHE_HOME")
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("huggingface"));
    }

    private static Optional<AccessToken> token(Map<String, String> environment, Path home) {
        Path file = first(environment, "HF_TOKEN_PATH").map(Path::of).orElse(home.resolve("token"));
        return first(environment, "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
                .or(() -> read(file))
                .map(String::strip)
                .filter(token -> !token.isEmpty())
                .map(AccessToken::new);
    }

    private static Optional<String> read(Path file) {
        try {
            return Files.isRegularFile(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException unreadable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the hub's token file %s can't be read: %s".formatted(file, unreadable.getMessage()),
                    unreadable);
        }
    }

    private static Optional<String> first(Map<String, String> environment, String... names) {
        return Stream.of(names)
                .map(name -> environment.getOrDefault(name, ""))
                .filter(value -> !value.isBlank())
                .findFirst();
    }
}
