package io.livegraft.actors.cluster;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Section {@code livegraft.cluster} of the configuration.
 *
 * @param seedNodes whom a starting node asks to be let in; none where the node is alone
 * @param host where the others reach this node
 * @param port where the others reach this node
 * @param bindHost address to listen on
 * @param splitDecision who goes on after a split
 * @param stableAfter how long a split must last before it is decided
 * @param join how long a starting node may take to be let in
 * @param catchUp how often what was missed of other nodes' decisions is looked for
 * @param shards parts that the registries are dealt out in; the same on all nodes
 */
public record ClusterSettings(
        List<NodeAddress> seedNodes,
        String host,
        int port,
        String bindHost,
        SplitDecision splitDecision,
        Duration stableAfter,
        Duration join,
        Duration catchUp,
        int shards) {
    public ClusterSettings {
        seedNodes = List.copyOf(seedNodes);
        if (shards < 1 || catchUp.isZero() || stableAfter.isZero()) {
            throw new IllegalArgumentException(
                    "livegraft.cluster: shards %d must be at least 1, catch-up %s and stable-after %s more than 0"
                            .formatted(shards, catchUp, stableAfter));
        }
    }

    public static ClusterSettings from(Config cluster) {
        String host = cluster.getString("host");
        String bindHost = cluster.getString("bind-host");
        return new ClusterSettings(
                seedNodes(cluster.getString("seed-nodes")),
                host,
                cluster.getInt("port"),
                bindHost.isEmpty() ? host : bindHost,
                splitDecision(cluster.getString("split-decision")),
                cluster.getDuration("stable-after"),
                cluster.getDuration("join"),
                cluster.getDuration("catch-up"),
                cluster.getInt("shards"));
    }

    /** Whether the node has others beside it; one that is alone opens no port. */
    public boolean several() {
        return !seedNodes.isEmpty();
    }

    private static List<NodeAddress> seedNodes(String text) {
        return Arrays.stream(text.split(",", -1))
                .filter(each -> !each.isBlank())
                .map(NodeAddress::parse)
                .toList();
    }

    private static SplitDecision splitDecision(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "lease" -> SplitDecision.LEASE;
            case "majority" -> SplitDecision.MAJORITY;
            default ->
                throw new IllegalArgumentException(
                        "livegraft.cluster.split-decision is '%s', expected lease or majority".formatted(name));
        };
    }
}
