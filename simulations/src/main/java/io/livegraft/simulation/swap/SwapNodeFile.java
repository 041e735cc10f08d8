package io.livegraft.simulation.swap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The configuration of the node: versions of few steps each, fewer places for adapters than there are versions. */
final class SwapNodeFile {
    private SwapNodeFile() {}

    static Path write(SwapSettings run, String bootstrapServers) {
        String text = """
                livegraft {
                  state-directory = "%s"
                  engine { base = "%s", quantized-cache = "%s" }
                  gateway.port = 0
                  kafka { embedded.enabled = false, bootstrap-servers = "%s", feedback-topic = "%s" }
                  trainer { step-examples = 4, max-wait = 200 ms, replay-examples = 2, reservoir-examples = 64 }
                  trainer { publish-every-steps = 2, publish-idle = 200 ms, principal-events = 0 }
                  lora.rank = 4
                  # All that is trained becomes a version.
                  evaluation { least-examples = 1, most-examples = 4, tolerance = 1000 }
                  # Of about 16 versions of each tenant.
                  serving.staged-adapters = %d
                }
                """.formatted(
                        run.state(),
                        run.base(),
                        run.directory().resolve("weights"),
                        bootstrapServers,
                        Feedback.TOPIC,
                        3 * run.tenants());
        try {
            return Files.writeString(run.directory().resolve("node.conf"), text);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
