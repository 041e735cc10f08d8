package io.livegraft.gpu.jinja;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A template with Jinja2's lexical rules applied (trim_blocks and lstrip_blocks on, keep_trailing_newline off, as
 * transformers sets them), so that the library has none to apply: text and string literals become variables, comments are
 * gone, whitespace control is done.
 *
 * @param code what the library parses; it holds no text and no literal
 * @param literals value of each variable that stands for a text or a string
 */
record TemplateSource(String code, Map<String, Object> literals) {
    static TemplateSource read(String template, UnaryOperator<String> literal) {
        return new Reader(template, literal).read();
    }

    private static final class Reader {
        private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-?)%\\}");
        private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");
        private static final Pattern MACRO = Pattern.compile("\\{%[-+]?\\s*macro\\s+(\\w+)");
        /** The tag by which transformers marks what an assistant said. */
        private static final Pattern GENERATION = Pattern.compile("\\s*(end)?generation\\s*");

        private final String source;
        private final UnaryOperator<String> literal;
        private final StringBuilder code = new StringBuilder();
        private final Map<String, Object> literals = new LinkedHashMap<>();
        private final Set<String> macros;
        private final Nesting nesting = new Nesting();
        private int at;
        /** Whether the last tag took its line's newline with it. */
        private boolean lineStarts = true;
        /** Whether the last tag asked for the whitespace behind it to go. */
        private boolean stripNext;

        Reader(String template, UnaryOperator<String> literal) {
            String lines = template.replace("\r\n", "\n").replace('\r', '\n');
            this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
            this.literal = literal;
            this.macros =
                    MACRO.matcher(source).results().map(found -> found.group(1)).collect(Collectors.toSet());
        }

        TemplateSource read() {
            while (at < source.length()) {
                int tag = nextTag();
                if (tag < 0) {
                    text(source.substring(at));
                    break;
                }
                text(before(tag));
                at = tag;
                readTag();
            }
            return new TemplateSource(code.toString(), literals);
        }

        private int nextTag() {
            int open = source.indexOf('{', at);
            while (open >= 0 && (open + 1 == source.length() || "%{#".indexOf(source.charAt(open + 1)) < 0)) {
                open = source.indexOf('{', open + 1);
            }
            return open;
        }

        /** The text up to a tag, less the whitespace that the tag takes. */
        private String before(int tag) {
            String text = source.substring(at, tag);
            char control = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            if (control == '-') {
                return text.stripTrailing();
            }
            int line = text.lastIndexOf('\n') + 1;
            boolean ownLine = (line > 0 || lineStarts) && text.substring(line).isBlank();
            return control != '+' && source.charAt(tag + 1) != '{' && ownLine ? text.substring(0, line) : text;
        }

        private void text(String text) {
            String kept = stripNext ? text.stripLeading() : text;
            if (!kept.isEmpty()) {
                code.append("{{ ").append(variable(kept)).append(" }}");
            }
            stripNext = false;
            lineStarts = false;
        }

        private void readTag() {
            switch (source.charAt(at + 1)) {
                case '#' -> comment();
                case '{' -> expression();
                default -> {
                    Matcher raw = RAW.matcher(source).region(at, source.length());
                    if (raw.lookingAt()) {
                        raw(raw);
                    } else {
                        block();
                    }
                }
            }
        }

        private void comment() {
            int end = source.indexOf("#}", at + 2);
            if (end < 0) {
                throw new TemplateException("a comment has no end");
            }
            ended(end, source.charAt(end - 1), true);
        }

        private void raw(Matcher begin) {
            Matcher end = END_RAW.matcher(source);
            if (!end.find(begin.end())) {
                throw new TemplateException("a raw block has no end");
            }
            String text = source.substring(begin.end(), end.start());
            stripNext = !begin.group(1).isEmpty();
            text(end.group(1).equals("-") ? text.stripTrailing() : text);
            ended(end.end() - 2, end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
        }

        private void expression() {
            String inner = inner("}}");
            JinjaLibrary.requireKnown(inner, macros);
            code.append("{{ (").append(Dialect.expression(inner)).append(")|printed }}");
        }

        private void block() {
            String inner = inner("%}").strip();
            nesting.enter(inner);
            JinjaLibrary.requireKnown(inner, macros);
            if (!GENERATION.matcher(inner).matches()) {
                code.append("{% ")
                        .append(Dialect.statement(inner, this::variable))
                        .append(" %}");
            }
        }

        /** Everything between the tag's ends, with variables for its strings. */
        private String inner(String close) {
            StringBuilder inner = new StringBuilder();
            int i = at + 2;
            if (i < source.length() && "-+".indexOf(source.charAt(i)) >= 0) {
                i++;
            }
            int depth = 0;
            while (i < source.length()) {
                char c = source.charAt(i);
                boolean control = "-+".indexOf(c) >= 0 && source.startsWith(close, i + 1);
                if (depth == 0 && (control || source.startsWith(close, i))) {
                    ended(control ? i + 1 : i, c, close.equals("%}"));
                    return inner.toString();
                }
                if (c == '\'' || c == '"') {
                    i = string(i, inner);
                } else {
                    depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
                    inner.append(c == '\n' ? ' ' : c);
                    if (c == '{' || c == '}') {
                        inner.append(' '); // two in a row would be a tag to the library
                    }
                    i++;
                }
            }
            throw new TemplateException("a tag has no " + close);
        }

        /** Behind a tag's end; a block takes one newline with it. */
        private void ended(int close, char control, boolean block) {
            at = close + 2;
            stripNext = control == '-';
            lineStarts = false;
            if (block && control != '-' && control != '+' && at < source.length() && source.charAt(at) == '\n') {
                at++;
                lineStarts = true;
            }
        }

        /** Strings beside each other are one, as in Python. */
        private int string(int start, StringBuilder inner) {
            StringBuilder value = new StringBuilder();
            int next = start;
            int end = start;
            while (next < source.length() && "'\"".indexOf(source.charAt(next)) >= 0) {
                end = StringLiteral.read(source, next, value);
                next = end;
                while (next < source.length() && Character.isWhitespace(source.charAt(next))) {
                    next++;
                }
            }
            inner.append(variable(value.toString()));
            return end;
        }

        private String variable(String value) {
            String name = "literal_%d_".formatted(literals.size());
            literals.put(name, literal.apply(value));
            return name;
        }
    }
}
