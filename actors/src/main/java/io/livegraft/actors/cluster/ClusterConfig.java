package io.livegraft.actors.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.registry.RegistrySettings;
import java.time.Duration;
import java.util.Map;

/** What the settings mean for Pekko. */
public final class ClusterConfig {
    private ClusterConfig() {}

    /** Empty for a node that is alone. {@code system} is the actor system's name, the same on every node. */
    public static Config of(String system, ClusterSettings settings, RegistrySettings registry) {
        return settings.several() ? several(system, settings, registry) : ConfigFactory.empty();
    }

    private static Config several(String system, ClusterSettings settings, RegistrySettings registry) {
        return ConfigFactory.parseMap(Map.ofEntries(
                        Map.entry("pekko.actor.provider", "cluster"),
                        Map.entry("pekko.remote.artery.canonical.hostname", settings.host()),
                        Map.entry("pekko.remote.artery.canonical.port", settings.port()),
                        Map.entry("pekko.remote.artery.bind.hostname", settings.bindHost()),
                        Map.entry(
                                "pekko.cluster.seed-nodes",
                                settings.seedNodes().stream()
                                        .map(node -> "pekko://%s@%s:%d".formatted(system, node.host(), node.port()))
                                        .toList()),
                        Map.entry("pekko.cluster.shutdown-after-unsuccessful-join-seed-nodes", millis(settings.join())),
                        Map.entry(
                                "pekko.cluster.split-brain-resolver.active-strategy",
                                strategy(settings.splitDecision())),
                        Map.entry("pekko.cluster.split-brain-resolver.stable-after", millis(settings.stableAfter())),
                        Map.entry("pekko.cluster.sharding.number-of-shards", settings.shards()),
                        Map.entry("pekko.cluster.sharding.passivation.strategy", "default-strategy"),
                        Map.entry(
                                "pekko.cluster.sharding.passivation.default-strategy.active-entity-limit",
                                registry.active()),
                        Map.entry(
                                "pekko.cluster.sharding.passivation.default-strategy.idle-entity.timeout",
                                millis(registry.idle()))))
                .withFallback(
                        ConfigFactory.parseResources(ClusterConfig.class.getClassLoader(), "livegraft-cluster.conf"));
    }

    private static String strategy(SplitDecision decision) {
        return switch (decision) {
            case LEASE -> "lease-majority";
            case MAJORITY -> "keep-majority";
        };
    }

    private static String millis(Duration duration) {
        return duration.toMillis() + " ms";
    }
}
