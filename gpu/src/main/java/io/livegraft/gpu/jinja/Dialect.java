package io.livegraft.gpu.jinja;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Jinja2's expressions that the library reads otherwise, in its own words; strings are variables by now. */
final class Dialect {
    /** A reversed list, in the one form in which templates use steps. */
    private static final Pattern REVERSED = Pattern.compile("\\[\\s*:\\s*:\\s*-1\\s*\\]");
    /** {@code not x is defined}, which Jinja2 reads as not (x is defined) and the library as (not x) is defined. */
    private static final Pattern NOT_IS =
            Pattern.compile("\\bnot\\s+([A-Za-z_]\\w*(?:\\.\\w+|\\[[^\\]]*\\])*)\\s+is\\s+(not\\s+)?([a-z]\\w*)");
    /** A loop over the elements that meet a condition. */
    private static final Pattern FILTERED_LOOP =
            Pattern.compile("for\\s+([\\w\\s,]+?)\\s+in\\s+(.+)\\s+if\\s+((?:(?!\\selse\\s).)+)");

    private Dialect() {}

    static String expression(String code) {
        String reversed = REVERSED.matcher(code).replaceAll("|reverse|list");
        return namedArguments(NOT_IS.matcher(reversed).replaceAll("not ($1 is $2$3)"));
    }

    /** @param variable makes a variable that holds a text */
    static String statement(String code, UnaryOperator<String> variable) {
        if (code.startsWith("macro")) {
            return code; // its parameters' defaults look like named arguments
        }
        String statement = expression(code);
        Matcher loop = FILTERED_LOOP.matcher(statement);
        return loop.matches()
                ? "for %s in filtered(%s, %s, %s)"
                        .formatted(
                                loop.group(1),
                                loop.group(2),
                                variable.apply(loop.group(1)),
                                variable.apply(loop.group(3)))
                : statement;
    }

    /** Puts the values of named arguments in parentheses: the library ends them at the first operator. */
    private static String namedArguments(String code) {
        StringBuilder out = new StringBuilder();
        Deque<Boolean> named = new ArrayDeque<>();
        for (int i = 0; i < code.length(); i++) {
            char c = code.charAt(i);
            boolean ends = c == ',' || c == ')';
            if (ends && Boolean.TRUE.equals(named.peek())) {
                named.pop();
                named.push(false);
                out.append(')');
            }
            out.append(c);
            switch (c) {
                case '(', '[', '{' -> named.push(false);
                case ')', ']', '}' -> named.poll();
                case '=' -> {
                    if (!named.isEmpty() && !named.peek() && isAssignment(code, i)) {
                        named.pop();
                        named.push(true);
                        out.append('(');
                    }
                }
                default -> {}
            }
        }
        return out.toString();
    }

    private static boolean isAssignment(String code, int at) {
        boolean comparesBefore = at > 0 && "=!<>".indexOf(code.charAt(at - 1)) >= 0;
        return !comparesBefore && !code.startsWith("=", at + 1);
    }
}
