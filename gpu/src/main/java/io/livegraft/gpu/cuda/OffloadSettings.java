package io.livegraft.gpu.cuda;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Locale;

/**
 * What may live in page-locked memory of the host instead of the device's. Never changes a bit of any result.
 *
 * @param optimizer moments of AdamW
 * @param checkpoints inputs of blocks, where nothing else is kept for the backward pass
 * @param hostBytes that are locked at a time, at most
 */
public record OffloadSettings(Choice optimizer, Choice checkpoints, long hostBytes) {
    /** Of one of them. */
    public enum Choice {
        /** As the memory plan chooses. */
        AUTO,
        ON,
        OFF;

        static Choice of(String setting, String word) {
            for (Choice choice : values()) {
                if (choice.name().toLowerCase(Locale.ROOT).equals(word)) {
                    return choice;
                }
            }
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.engine.cuda.%s is '%s', expected auto, on or off".formatted(setting, word));
        }
    }

    public OffloadSettings {
        if (hostBytes < 0) {
            throw new IllegalArgumentException(
                    "livegraft.engine.cuda.offload-memory is %d bytes, expected at least 0".formatted(hostBytes));
        }
    }

    /** Of the section {@code livegraft.engine.cuda}. */
    static OffloadSettings from(Config cuda) {
        return new OffloadSettings(
                choice(cuda, "optimizer-offload"), choice(cuda, "checkpoint-offload"), cuda.getBytes("offload-memory"));
    }

    private static Choice choice(Config cuda, String setting) {
        return Choice.of(setting, cuda.getString(setting));
    }
}
