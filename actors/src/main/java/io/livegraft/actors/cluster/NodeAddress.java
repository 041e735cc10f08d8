package io.livegraft.actors.cluster;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a node is reached by the others. */
public record NodeAddress(String host, int port) {
    private static final Pattern TEXT = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):(\\d{1,5})");
    private static final int MOST = 65535;

    public NodeAddress {
        if (host.isBlank() || port < 1 || port > MOST) {
            throw new IllegalArgumentException(
                    "'%s:%d' is no address of a node, expected host:port with a port from 1 to %d"
                            .formatted(host, port, MOST));
        }
    }

    static NodeAddress parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "livegraft.cluster.seed-nodes: '%s' is no address of a node, expected host:port".formatted(text));
        }
        return new NodeAddress(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }
}
