package io.livegraft.gpu.jinja;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** JSON in the form of Python's {@code json.dumps(value, ensure_ascii=False, indent=…)}: {@code {"a": 1, "b": [2]}}. */
final class PythonJson {
    private static final JsonMapper JSON = new JsonMapper();

    private final StringBuilder out = new StringBuilder();
    private final int indent;

    private PythonJson(int indent) {
        this.indent = indent;
    }

    /** @param indent spaces of each level; 0 writes one line */
    static String write(Object value, int indent) {
        PythonJson json = new PythonJson(indent);
        json.value(value, 0);
        return json.out.toString();
    }

    @SuppressWarnings("NullAway") // null is null in JSON
    private void value(Object value, int depth) {
        switch (value) {
            case Map<?, ?> map ->
                nested('{', '}', map.entrySet().iterator(), depth, entry -> {
                    out.append(scalar(String.valueOf(entry.getKey()))).append(": ");
                    value(entry.getValue(), depth + 1);
                });
            case List<?> list -> nested('[', ']', list.iterator(), depth, element -> value(element, depth + 1));
            case CharSequence text -> out.append(scalar(text.toString()));
            case null -> out.append("null");
            default -> out.append(scalar(value));
        }
    }

    private <T> void nested(char open, char close, Iterator<T> elements, int depth, Consumer<T> write) {
        out.append(open);
        boolean any = elements.hasNext();
        while (elements.hasNext()) {
            newline(depth + 1);
            write.accept(elements.next());
            if (elements.hasNext()) {
                out.append(indent > 0 ? "," : ", ");
            }
        }
        if (any) {
            newline(depth);
        }
        out.append(close);
    }

    private void newline(int depth) {
        if (indent > 0) {
            out.append('\n').append(" ".repeat(depth * indent));
        }
    }

    private static String scalar(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new TemplateException("writes a value that is no JSON");
        }
    }
}
