package io.livegraft.gpu.jinja;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Python's {@code str}; an undefined value is empty, as in Jinja2. */
final class PythonPrinter {
    private PythonPrinter() {}

    @SuppressWarnings("NullAway") // null is the library's undefined
    static String print(Object value) {
        return switch (value) {
            case null -> "";
            case Boolean truth -> truth ? "True" : "False";
            case List<?> list -> represent(list);
            case Map<?, ?> map -> represent(map);
            default -> value.toString();
        };
    }

    private static String represent(Object value) {
        return switch (value) {
            case null -> "None";
            case CharSequence text -> quoted(text.toString());
            case List<?> list ->
                list.stream().map(PythonPrinter::represent).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> represent(entry.getKey()) + ": " + represent(entry.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
            default -> print(value);
        };
    }

    private static String quoted(String text) {
        String quote = text.contains("'") && !text.contains("\"") ? "\"" : "'";
        String escaped = text.replace("\\", "\\\\")
                .replace("\n", "\\n")
                .replace("\t", "\\t")
                .replace("\r", "\\r");
        return quote + (quote.equals("'") ? escaped.replace("'", "\\'") : escaped) + quote;
    }
}
