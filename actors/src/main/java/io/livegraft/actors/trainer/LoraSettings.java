package io.livegraft.actors.trainer;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import io.livegraft.gpu.lora.Initialization;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.LoraTargets;
import io.livegraft.gpu.lora.ModuleSelection;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;

/** Section {@code livegraft.lora} of the configuration. */
final class LoraSettings {
    private LoraSettings() {}

    /** {@link IllegalArgumentException} for values out of range; whether a base has the targets shows later. */
    static LoraConfig from(Config lora) {
        return new LoraConfig(
                lora.getInt("rank"),
                lora.getDouble("alpha"),
                lora.getBoolean("rank-stabilized"),
                new LoraTargets(
                        modules(lora, "target-modules"),
                        modules(lora, "exclude-modules"),
                        lora.getIntList("layers-to-transform")),
                pattern(lora, "rank-pattern", one -> one.getInt("rank")),
                pattern(lora, "alpha-pattern", one -> one.getDouble("alpha")),
                lora.getDouble("dropout"),
                initialization(lora.getString("initialization")));
    }

    private static ModuleSelection modules(Config lora, String path) {
        return lora.getValue(path).valueType() == ConfigValueType.LIST
                ? new ModuleSelection.Names(lora.getStringList(path))
                : ModuleSelection.of(lora.getString(path));
    }

    private static <V> SequencedMap<String, V> pattern(Config lora, String path, Function<Config, V> value) {
        SequencedMap<String, V> pattern = new LinkedHashMap<>();
        for (Config one : lora.getConfigList(path)) {
            if (pattern.put(one.getString("modules"), value.apply(one)) != null) {
                throw new IllegalArgumentException(
                        "lora.%s has modules '%s' twice".formatted(path, one.getString("modules")));
            }
        }
        return pattern;
    }

    private static Initialization initialization(String name) {
        return switch (name) {
            case "kaiming-uniform" -> Initialization.KAIMING_UNIFORM;
            case "gaussian" -> Initialization.GAUSSIAN;
            default ->
                throw new IllegalArgumentException(
                        "lora.initialization %s must be kaiming-uniform or gaussian".formatted(name));
        };
    }
}
