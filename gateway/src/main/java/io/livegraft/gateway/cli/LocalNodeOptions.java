package io.livegraft.gateway.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A node with its own broker on this machine.
 *
 * @param base directory; empty takes the configured one, or the bundled base where none is configured
 * @param stateDirectory everything the node keeps
 * @param httpPort 0 takes a free one
 * @param kafkaPort 0 takes a free one
 * @param precision nf4, bf16 or fp32; empty takes the configured one
 * @param settings further settings by their full path, e.g. {@code livegraft.kafka.partitions}
 */
public record LocalNodeOptions(
        Optional<Path> base,
        Path stateDirectory,
        int httpPort,
        int kafkaPort,
        Optional<String> precision,
        Map<String, Object> settings) {
    public LocalNodeOptions {
        settings = Map.copyOf(settings);
    }
}
