package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which of Livegraft's settings differ from reference.conf; secrets are not shown. */
final class ChangedSettings {
    private static final String ROOT = "livegraft";

    private ChangedSettings() {}

    /** Full path to value, sorted. */
    static SortedMap<String, String> of(Config settings) {
        Config defaults = defaults();
        SortedMap<String, String> changed = new TreeMap<>();
        settings.getConfig(ROOT).withoutPath("home").entrySet().forEach(entry -> {
            String path = ROOT + "." + entry.getKey();
            boolean same = defaults.hasPath(path)
                    && defaults.getValue(path)
                            .unwrapped()
                            .equals(entry.getValue().unwrapped());
            if (!same) {
                changed.put(path, shown(path, entry.getValue().unwrapped()));
            }
        });
        return changed;
    }

    /** What reference.conf says, whatever the environment. */
    static Config defaults() {
        return ConfigFactory.defaultReferenceUnresolved()
                .resolve(ConfigResolveOptions.noSystem().setAllowUnresolved(true))
                .withOnlyPath(ROOT);
    }

    private static String shown(String path, Object value) {
        String name = path.toLowerCase(Locale.ROOT);
        boolean secret = name.contains("password") || name.contains("secret") || name.contains("token-file");
        return secret ? "***" : String.valueOf(value);
    }
}
