package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.List;
import java.util.Map;

/** Filters that differ from the library's own: as Jinja2's, or transformers' {@code tojson}. */
@SuppressWarnings("NullAway") // the library's interface: null is undefined
final class TemplateFilters {
    /** What a filter makes of a value and its arguments. */
    @FunctionalInterface
    private interface Body {
        Object apply(Object value, Object[] arguments, Map<String, Object> named);
    }

    private record Named(String name, Body body) implements Filter {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public Object filter(Object value, JinjavaInterpreter interpreter, String... arguments) {
            return body.apply(value, arguments, Map.of());
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            return body.apply(value, arguments, named);
        }
    }

    static final List<Filter> ALL = List.of(
            new Named("printed", (value, arguments, named) -> PythonPrinter.print(value)),
            new Named("string", (value, arguments, named) -> PythonPrinter.print(value)),
            new Named(
                    "trim",
                    (value, arguments, named) ->
                            PythonText.strip(PythonPrinter.print(value), characters(arguments), true, true)),
            new Named(
                    "items",
                    (value, arguments, named) ->
                            value instanceof Map<?, ?> map ? List.copyOf(map.entrySet()) : List.of()),
            new Named("tojson", (value, arguments, named) -> {
                Object indent = arguments.length > 0 ? arguments[0] : named.get("indent");
                return PythonJson.write(value, indent instanceof Number spaces ? spaces.intValue() : 0);
            }));

    private TemplateFilters() {}

    private static String characters(Object[] arguments) {
        return arguments.length == 0 ? "" : String.valueOf(arguments[0]);
    }
}
