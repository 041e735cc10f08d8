package io.livegraft.simulation.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The configuration of a node under test: small steps, a checkpoint after each, a version after every second. */
final class NodeFile {
    private NodeFile() {}

    static Path write(Path file, CrashSettings run, Path state, String bootstrapServers, String consumerGroup) {
        return write(file, run, state, bootstrapServers, consumerGroup, "");
    }

    /** As above, with settings of its own. */
    static Path write(
            Path file, CrashSettings run, Path state, String bootstrapServers, String consumerGroup, String own) {
        String text = """
                livegraft {
                  state-directory = "%s"
                  engine { base = "%s", quantized-cache = "%s" }
                  gateway.port = 0
                  kafka { embedded.enabled = false, bootstrap-servers = "%s", partitions = %d }
                  kafka { feedback-topic = "%s", dead-letter-topic = "%s" }
                  ingest { consumer-group = "%s", commit-interval = 200 ms, tick-interval = 100 ms, restart = 500 ms }
                  trainer { step-examples = 4, max-wait = 200 ms, replay-examples = 2, reservoir-examples = 64 }
                  trainer { held-out-share = %d, held-out-examples = 16, event-window = %d, loss = %s }
                  # How many events a version takes of one subject would depend on when versions were offered.
                  trainer.principal-events = 0
                  trainer { checkpoint-every-steps = 1, publish-every-steps = 2, publish-idle = 200 ms, retry = 200 ms }
                  lora.rank = 2
                  # Every version is evaluated and none refused: their number must be the oracle's.
                  evaluation { least-examples = 1, most-examples = 4, tolerance = 1000, general.tolerance = 1000 }
                }
                """.formatted(
                        state,
                        run.base(),
                        run.directory().resolve("weights"),
                        bootstrapServers,
                        CrashSettings.PARTITIONS,
                        CrashLog.FEEDBACK_TOPIC,
                        CrashLog.DEAD_LETTER_TOPIC,
                        consumerGroup,
                        CrashSettings.HELD_OUT_SHARE,
                        run.eventWindow(),
                        CrashSettings.LOSS);
        text += own;
        try {
            return Files.writeString(file, text);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
