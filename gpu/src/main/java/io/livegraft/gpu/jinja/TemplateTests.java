package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Tests that differ from the library's own: a string of Python is a sequence too. */
final class TemplateTests {
    private record OfSequences(String name) implements ExpTest {
        @Override
        public String getName() {
            return name;
        }

        @Override
        @SuppressWarnings("NullAway") // null is the library's undefined
        public boolean evaluate(Object value, JinjavaInterpreter interpreter, Object... arguments) {
            return value instanceof CharSequence || value instanceof Collection<?> || value instanceof Map<?, ?>;
        }
    }

    static final List<ExpTest> ALL = List.of(new OfSequences("iterable"), new OfSequences("sequence"));

    private TemplateTests() {}
}
