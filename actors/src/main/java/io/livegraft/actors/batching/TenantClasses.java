package io.livegraft.actors.batching;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Section {@code livegraft.tenants} of the configuration: which tenant has which share and quotas. */
public final class TenantClasses {
    private static final String STANDARD = "standard";

    private final TenantClass standard;
    private final List<TenantClass> others;
    private final Map<String, TenantClass> byTenant = new HashMap<>();

    /** What tenants have that are members of no other class. */
    public TenantClasses(TenantClass standard, List<TenantClass> others) {
        this.standard = standard;
        this.others = List.copyOf(others);
        Set<String> names = new HashSet<>();
        all().filter(each -> !names.add(each.name())).findFirst().ifPresent(each -> {
            throw refused("two classes are named '%s'".formatted(each.name()));
        });
        for (TenantClass each : others) {
            for (String tenant : each.tenants()) {
                if (byTenant.put(tenant, each) != null) {
                    throw refused("tenant '%s' is in two classes".formatted(tenant));
                }
            }
        }
    }

    /** A class has what the section itself says where it says nothing else. */
    public static TenantClasses from(Config tenants) {
        return new TenantClasses(
                read(STANDARD, tenants, Set.of()),
                tenants.getConfigList("classes").stream()
                        .map(one -> read(
                                one.getString("name"),
                                one.withFallback(tenants),
                                Set.copyOf(one.getStringList("members"))))
                        .toList());
    }

    private static TenantClass read(String name, Config one, Set<String> members) {
        return new TenantClass(
                name,
                one.getDouble("weight"),
                one.getInt("running"),
                one.getInt("waiting"),
                one.getLong("tokens-per-minute"),
                members);
    }

    public TenantClass of(String tenant) {
        return byTenant.getOrDefault(tenant, standard);
    }

    /** The standard one first. */
    public Stream<TenantClass> all() {
        return Stream.concat(Stream.of(standard), others.stream());
    }

    private static LivegraftException refused(String message) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, "livegraft.tenants.classes: " + message);
    }
}
