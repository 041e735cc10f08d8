package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.util.ForLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The methods and attributes of Python's strings, lists and dicts, and of Jinja2's loop, that templates call. */
final class PythonMethods {
    private PythonMethods() {}

    static Object invoke(Object base, String method, Object[] arguments) {
        return switch (base) {
            case CharSequence text -> ofString(text.toString(), method, arguments);
            case Map<?, ?> map -> ofDict(map, method, arguments);
            case List<?> list -> ofList(list, method, arguments);
            case null -> throw new TemplateException("calls %s of an undefined value".formatted(method));
            default -> throw unknown(base, method);
        };
    }

    private static Object ofString(String text, String method, Object[] arguments) {
        return switch (method) {
            case "strip" -> PythonText.strip(text, characters(arguments), true, true);
            case "lstrip" -> PythonText.strip(text, characters(arguments), true, false);
            case "rstrip" -> PythonText.strip(text, characters(arguments), false, true);
            case "split" -> PythonText.split(text, arguments);
            case "startswith" -> text.startsWith(string(arguments, 0));
            case "endswith" -> text.endsWith(string(arguments, 0));
            case "replace" -> text.replace(string(arguments, 0), string(arguments, 1));
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title" -> PythonText.title(text);
            case "capitalize" -> PythonText.capitalize(text);
            case "find" -> (long) text.indexOf(string(arguments, 0));
            case "count" -> PythonText.count(text, string(arguments, 0));
            case "join" ->
                ((List<?>) argument(arguments, 0)).stream().map(String::valueOf).collect(Collectors.joining(text));
            default -> throw unknown(text, method);
        };
    }

    @SuppressWarnings("NullAway") // an absent key is an undefined value: the library's null
    private static Object ofDict(Map<?, ?> map, String method, Object[] arguments) {
        return switch (method) {
            case "get" -> {
                Object value = map.get(String.valueOf(argument(arguments, 0)));
                yield value == null && arguments.length > 1 ? arguments[1] : value;
            }
            case "items" -> new ArrayList<>(map.entrySet());
            case "keys" -> new ArrayList<>(map.keySet());
            case "values" -> new ArrayList<>(map.values());
            default -> throw unknown(map, method);
        };
    }

    private static Object ofList(List<?> list, String method, Object[] arguments) {
        return switch (method) {
            case "index" -> (long) list.indexOf(argument(arguments, 0));
            case "count" -> list.stream().filter(argument(arguments, 0)::equals).count();
            default -> throw unknown(list, method);
        };
    }

    static Object ofLoop(ForLoop loop, String attribute) {
        return switch (attribute) {
            case "index" -> (long) loop.getIndex();
            case "index0" -> (long) loop.getIndex0();
            case "first" -> loop.isFirst();
            case "last" -> loop.isLast();
            case "length" -> (long) loop.getLength();
            case "revindex" -> (long) loop.getRevindex();
            case "revindex0" -> (long) loop.getRevindex0();
            case "depth" -> (long) loop.getDepth();
            case "depth0" -> (long) loop.getDepth0();
            default -> throw new TemplateException("uses loop.%s, which is not supported".formatted(attribute));
        };
    }

    private static String characters(Object[] arguments) {
        return arguments.length == 0 ? "" : string(arguments, 0);
    }

    private static String string(Object[] arguments, int index) {
        return String.valueOf(argument(arguments, index));
    }

    private static Object argument(Object[] arguments, int index) {
        if (index >= arguments.length || arguments[index] == null) {
            throw new TemplateException("calls a method with an argument missing");
        }
        return arguments[index];
    }

    private static TemplateException unknown(Object base, String method) {
        String type =
                switch (base) {
                    case CharSequence _ -> "a string";
                    case Map<?, ?> _ -> "a dict";
                    case List<?> _ -> "a list";
                    default -> "this value";
                };
        return new TemplateException("calls method %s of %s, which is not supported".formatted(method, type));
    }
}
