package io.livegraft.actors.serving;

import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The version a request gets.
 *
 * @param tenant empty for the base by its own name
 * @param number 0 is the base alone
 * @param digest of the adapter; empty for the base alone
 */
record Target(Optional<String> tenant, int number, Optional<String> digest) {

    /** Empty for the base alone. */
    Optional<AdapterSlots.Key> key() {
        return tenant.flatMap(name -> digest.map(found -> new AdapterSlots.Key(name, found)));
    }

    /** What {@code model} means now; empty when it names no tenant, version or alias that is there. */
    static Optional<Target> of(String model, String baseName, TenantTables tables) {
        if (model.equals(baseName)) {
            return Optional.of(new Target(Optional.empty(), 0, Optional.empty()));
        }
        ModelName name = ModelName.parse(model);
        return tables.get(name.tenant()).flatMap(table -> {
            OptionalInt number = number(name, table);
            return number.isEmpty() ? Optional.empty() : of(table.image(), number.getAsInt());
        });
    }

    private static OptionalInt number(ModelName name, TenantTable table) {
        return switch (name) {
            case ModelName.Serving serving -> OptionalInt.of(serving(table));
            case ModelName.Version version -> OptionalInt.of(version.number());
            case ModelName.Alias alias ->
                switch (alias.alias()) {
                    case "serving" -> OptionalInt.of(serving(table));
                    case "previous" -> table.image().previous();
                    case "candidate" -> table.image().candidate();
                    default -> OptionalInt.empty();
                };
        };
    }

    /** Until something serves (right after a start) requests wait for what should. */
    private static int serving(TenantTable table) {
        return table.serving().orElse(table.image().serving());
    }

    private static Optional<Target> of(AdapterImage image, int number) {
        Optional<String> tenant = Optional.of(image.tenant());
        return number == 0
                ? Optional.of(new Target(tenant, 0, Optional.empty()))
                : image.version(number)
                        .map(AdapterVersion::digest)
                        .map(digest -> new Target(tenant, number, Optional.of(digest)));
    }
}
