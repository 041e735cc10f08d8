package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.lib.Importable;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Which of the library's tags, filters, tests and functions a template may use, and ours beside them. */
final class JinjaLibrary {
    private static final Set<String> TAGS = Set.of(
            "if",
            "elif",
            "else",
            "endif",
            "for",
            "endfor",
            "break",
            "continue",
            "set",
            "endset",
            "macro",
            "endmacro",
            "call",
            "endcall",
            "filter",
            "endfilter",
            "do");
    private static final Set<String> FILTERS = Set.of(
            "abs",
            "attr",
            "batch",
            "capitalize",
            "count",
            "d",
            "default",
            "dictsort",
            "escape",
            "e",
            "first",
            "float",
            "groupby",
            "indent",
            "int",
            "items",
            "join",
            "last",
            "length",
            "list",
            "lower",
            "map",
            "max",
            "min",
            "printed",
            "reject",
            "rejectattr",
            "replace",
            "reverse",
            "round",
            "safe",
            "select",
            "selectattr",
            "slice",
            "sort",
            "string",
            "sum",
            "title",
            "tojson",
            "trim",
            "unique",
            "upper");
    private static final Set<String> FUNCTIONS =
            Set.of("range", "namespace", "dict", "raise_exception", "strftime_now", "filtered", "super", "caller");
    private static final Set<String> TESTS = Set.of(
            "boolean",
            "defined",
            "divisibleby",
            "eq",
            "equalto",
            "even",
            "false",
            "float",
            "ge",
            "gt",
            "in",
            "integer",
            "iterable",
            "le",
            "lower",
            "lt",
            "mapping",
            "ne",
            "none",
            "number",
            "odd",
            "sameas",
            "sequence",
            "string",
            "true",
            "undefined",
            "upper");
    private static final Set<String> KEYWORDS =
            Set.of("and", "or", "not", "in", "is", "if", "else", "elif", "set", "call", "for", "filter");
    private static final Pattern FILTER = Pattern.compile("\\|\\s*([A-Za-z_]\\w*)");
    private static final Pattern TEST = Pattern.compile("\\bis\\s+(?:not\\s+)?([A-Za-z_]\\w*)");
    /** A name before a parenthesis that no dot, bar or test's "is" precedes. */
    private static final Pattern CALL =
            Pattern.compile("(?<![\\w.])(?<!\\|\\s?)(?<!is\\s)(?<!is not\\s)([A-Za-z_]\\w*)\\s*\\(");

    private static final Map<Context.Library, Set<String>> DISABLED = everythingElse(create().getGlobalContext());

    private JinjaLibrary() {}

    static Jinjava create() {
        Jinjava library = new Jinjava();
        TemplateFilters.ALL.forEach(library::registerFilter);
        library.registerFunction(new ELFunctionDefinition(
                "", "raise_exception", TemplateFunctions.class, "raiseException", Object.class));
        library.registerFunction(new ELFunctionDefinition(
                "", "filtered", TemplateFunctions.class, "filtered", Object.class, String.class, String.class));
        TemplateTests.ALL.forEach(library::registerExpTest);
        library.registerFunction(
                new ELFunctionDefinition("", "strftime_now", TemplateFunctions.class, "now", String.class));
        return library;
    }

    static Map<Context.Library, Set<String>> disabled() {
        return DISABLED;
    }

    /**
     * Refuses filters, tests and functions that there are not: the library would render nothing for them.
     *
     * @param code an expression or statement without strings
     * @param macros names of the template's own
     */
    static void requireKnown(String code, Set<String> macros) {
        FILTER.matcher(code).results().map(found -> found.group(1)).forEach(name -> require(FILTERS, "filter", name));
        TEST.matcher(code).results().map(found -> found.group(1)).forEach(name -> require(TESTS, "test", name));
        CALL.matcher(code)
                .results()
                .map(found -> found.group(1))
                .filter(name -> !macros.contains(name) && !KEYWORDS.contains(name))
                .forEach(name -> require(FUNCTIONS, "function", name));
    }

    private static void require(Set<String> known, String what, String name) {
        if (!known.contains(name)) {
            throw new TemplateException("uses %s %s, which is not supported".formatted(what, name));
        }
    }

    private static Map<Context.Library, Set<String>> everythingElse(Context context) {
        return Map.of(
                Context.Library.TAG, others(context.getAllTags(), TAGS),
                Context.Library.FILTER, others(context.getAllFilters(), FILTERS),
                Context.Library.FUNCTION, others(context.getAllFunctions(), FUNCTIONS));
    }

    private static Set<String> others(Collection<? extends Importable> all, Set<String> allowed) {
        Set<String> others = new HashSet<>();
        all.forEach(one -> others.add(one.getName().replaceFirst("^:", "")));
        others.removeAll(allowed);
        return others;
    }
}
