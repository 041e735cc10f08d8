package io.livegraft.gateway;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/**
 * Section {@code livegraft.gateway} of the configuration.
 *
 * @param port 0 takes a free one
 * @param maxBodyBytes larger request bodies are refused
 * @param requestTimeout until the answer to a request begins
 * @param drainTimeout for running answers when the server stops
 * @param maxTokens when a completion request names none
 * @param maxChatTokens when a chat request names none
 * @param maxChoices answers to one request
 * @param maxFeedbackBatch events in one post
 * @param maxPage entries of one page of a list
 */
public record GatewaySettings(
        String host,
        int port,
        long maxBodyBytes,
        Duration requestTimeout,
        Duration drainTimeout,
        int maxTokens,
        int maxChatTokens,
        int maxChoices,
        int maxFeedbackBatch,
        int maxPage) {

    private static final String SECTION = "livegraft.gateway";

    public GatewaySettings {
        require(!host.isBlank(), "host", host, "a host name or address");
        require(port >= 0 && port <= 65_535, "port", port, "0 to 65535");
        require(maxBodyBytes >= 1_024, "max-body-bytes", maxBodyBytes, "at least 1024");
        require(requestTimeout.isPositive(), "request-timeout", requestTimeout, "more than 0");
        require(!drainTimeout.isNegative(), "drain-timeout", drainTimeout, "0 or more");
        require(maxTokens >= 1, "max-tokens", maxTokens, "at least 1");
        require(maxChatTokens >= 1, "max-chat-tokens", maxChatTokens, "at least 1");
        require(maxChoices >= 1, "max-choices", maxChoices, "at least 1");
        require(maxFeedbackBatch >= 1, "max-feedback-batch", maxFeedbackBatch, "at least 1");
        require(maxPage >= 1, "max-page", maxPage, "at least 1");
    }

    /** Reads the section from the whole configuration. */
    public static GatewaySettings from(Config root) {
        try {
            Config gateway = root.getConfig(SECTION);
            return new GatewaySettings(
                    gateway.getString("host"),
                    gateway.getInt("port"),
                    gateway.getBytes("max-body-bytes"),
                    gateway.getDuration("request-timeout"),
                    gateway.getDuration("drain-timeout"),
                    gateway.getInt("max-tokens"),
                    gateway.getInt("max-chat-tokens"),
                    gateway.getInt("max-choices"),
                    gateway.getInt("max-feedback-batch"),
                    gateway.getInt("max-page"));
        } catch (ConfigException broken) {
            throw new LivegraftException(ErrorCode.INVALID_CONFIGURATION, String.valueOf(broken.getMessage()), broken);
        }
    }

    private static void require(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "%s.%s is %s, expected %s".formatted(SECTION, key, value, expected));
        }
    }
}
