package io.livegraft.gateway;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the settings table of deploy/docs/operating.md to the modules' reference.conf. */
class DocumentedSettingsTest {
    private static final Path DOCUMENT = Path.of("..", "deploy", "docs", "operating.md");
    private static final Pattern ROW = Pattern.compile(
            "(?m)^\\| `(livegraft\\.[a-z0-9.-]+)` \\| (?:`(.+?)`|\\(empty\\)) \\| (?:`(LIVEGRAFT_\\w+)` )?\\|");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{\\?(LIVEGRAFT_\\w+)}");

    @Test
    void everySettingAndItsDefaultIsDocumented() throws IOException {
        SortedMap<String, Object> documented = new TreeMap<>();
        for (MatchResult row : rows()) {
            String value = row.group(2) == null ? "\"\"" : row.group(2);
            documented.put(
                    row.group(1),
                    ConfigFactory.parseString("value = " + value)
                            .getValue("value")
                            .unwrapped());
        }
        Config reference = ConfigFactory.defaultReferenceUnresolved()
                .resolve(ConfigResolveOptions.noSystem().setAllowUnresolved(true))
                .withOnlyPath("livegraft");
        SortedMap<String, Object> settings = new TreeMap<>();
        reference.entrySet().stream()
                .filter(setting -> !setting.getKey().contains(".dispatcher."))
                .forEach(setting ->
                        settings.put(setting.getKey(), setting.getValue().unwrapped()));
        assertEquals(settings, documented);
    }

    @Test
    void everyEnvironmentVariableIsDocumented() throws IOException {
        var documented = rows().stream()
                .map(row -> row.group(3))
                .filter(variable -> variable != null)
                .collect(toCollection(TreeSet::new));
        var read = new TreeSet<String>();
        for (URL file : Collections.list(getClass().getClassLoader().getResources("reference.conf"))) {
            try (InputStream stream = file.openStream()) {
                String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                VARIABLE.matcher(text).results().map(found -> found.group(1)).forEach(read::add);
            }
        }
        assertEquals(read, documented);
    }

    private static List<MatchResult> rows() throws IOException {
        return ROW.matcher(Files.readString(DOCUMENT)).results().toList();
    }
}
