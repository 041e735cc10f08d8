package io.livegraft.actors.kafka;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A broker in a process of its own, so that nodes may die beside it. Prints {@code listening HOST:PORT} once it takes requests
 * and ends with its standard input, that is, at the latest with whoever started it.
 */
public final class BrokerProcess {
    private BrokerProcess() {}

    /** Argument: the directory of its data. */
    public static void main(String[] arguments) throws IOException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(Path.of(arguments[0]), 0)) {
            System.out.println("listening " + broker.bootstrapServers());
            int read = System.in.read();
            while (read >= 0) {
                read = System.in.read();
            }
        }
    }
}
