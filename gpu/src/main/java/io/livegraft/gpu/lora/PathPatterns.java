package io.livegraft.gpu.lora;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/**
 * PEFT's {@code rank_pattern} and {@code alpha_pattern}: values by regular expressions that match a module's path, or its end
 * behind a dot; the first match counts.
 */
final class PathPatterns<V> {
    private final SequencedMap<String, Pattern> patterns = new LinkedHashMap<>();
    private final Map<String, V> values;

    /** {@link IllegalArgumentException} for what is no regular expression. */
    PathPatterns(SequencedMap<String, V> values) {
        this.values = values;
        for (String regex : values.keySet()) {
            String whole = ModuleSelection.compiled(regex).pattern();
            patterns.put(regex, Pattern.compile("(?:.*\\.)?(?:" + whole + ")"));
        }
    }

    Optional<V> first(String path) {
        return patterns.entrySet().stream()
                .filter(pattern -> pattern.getValue().matcher(path).matches())
                .findFirst()
                .map(pattern -> values.get(pattern.getKey()));
    }

    /** A pattern that matches none of the paths. */
    Optional<String> unmatched(List<String> paths) {
        return patterns.entrySet().stream()
                .filter(pattern -> paths.stream()
                        .noneMatch(path -> pattern.getValue().matcher(path).matches()))
                .findFirst()
                .map(Map.Entry::getKey);
    }
}
