package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.JinjavaInterpreter.InterpreterScopeClosable;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** The functions that transformers gives to chat templates. */
public final class TemplateFunctions {
    /** Variable that holds the time: the caller's, not a clock's, or training would not be a function of its input. */
    static final String NOW = "time_of_rendering_";

    private TemplateFunctions() {}

    /** {@code raise_exception(message)}: the template refuses its input. */
    public static Object raiseException(Object message) {
        throw TemplateException.raised(String.valueOf(message));
    }

    /**
     * The elements of {@code for names in items if condition}.
     *
     * @param names of the loop's variables, with commas
     */
    public static Object filtered(Object items, String names, String condition) {
        JinjavaInterpreter interpreter = JinjavaInterpreter.getCurrent();
        String[] variables = names.strip().split("\\s*,\\s*", -1);
        List<Object> kept = new ArrayList<>();
        for (Object item : items instanceof Map<?, ?> map ? map.keySet() : (Collection<?>) items) {
            try (InterpreterScopeClosable _ = interpreter.enterNonStackingScope()) {
                Context scope = interpreter.getContext();
                if (variables.length == 2 && item instanceof Map.Entry<?, ?> pair) {
                    scope.put(variables[0], pair.getKey());
                    scope.put(variables[1], pair.getValue());
                } else {
                    scope.put(variables[0], item);
                }
                if (ObjectTruthValue.evaluate(interpreter.resolveELExpression(condition, 0))) {
                    kept.add(item);
                }
            }
        }
        return kept;
    }

    /** {@code strftime_now(format)}: the time of the rendering, in UTC. */
    public static String now(String format) {
        Object now = JinjavaInterpreter.getCurrent().getContext().get(NOW);
        Instant time = Instant.ofEpochMilli(now instanceof Number millis ? millis.longValue() : 0);
        return StrftimeFormatter.format(time.atZone(ZoneOffset.UTC), format);
    }
}
