package io.livegraft.actors.registry;

import java.util.List;

/**
 * An accepted decision, as other nodes are told of it.
 *
 * @param image after the decision
 * @param eventTimes when what the version that was just published learned had happened, in milliseconds; empty where the
 *     decision was another
 */
public record AdapterUpdate(AdapterImage image, List<Long> eventTimes) implements RegistryMessage {
    public AdapterUpdate {
        eventTimes = List.copyOf(eventTimes);
    }
}
