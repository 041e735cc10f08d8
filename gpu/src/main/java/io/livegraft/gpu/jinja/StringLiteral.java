package io.livegraft.gpu.jinja;

/** Python's string literals, with its escapes. */
final class StringLiteral {
    private StringLiteral() {}

    /**
     * Appends the value of the literal whose quote stands at {@code start}.
     *
     * @return index behind its closing quote
     */
    static int read(String source, int start, StringBuilder value) {
        char quote = source.charAt(start);
        int i = start + 1;
        while (i < source.length()) {
            char c = source.charAt(i);
            if (c == quote) {
                return i + 1;
            }
            if (c == '\\' && i + 1 < source.length()) {
                i = escape(source, i + 1, value);
            } else {
                value.append(c);
                i++;
            }
        }
        throw new TemplateException("a string has no closing " + quote);
    }

    private static int escape(String source, int at, StringBuilder value) {
        char c = source.charAt(at);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case '\\', '\'', '"' -> value.append(c);
            case '\n' -> {}
            case 'x' -> {
                return codePoint(source, at + 1, 2, value);
            }
            case 'u' -> {
                return codePoint(source, at + 1, 4, value);
            }
            case 'U' -> {
                return codePoint(source, at + 1, 8, value);
            }
            default -> value.append('\\').append(c);
        }
        return at + 1;
    }

    private static int codePoint(String source, int at, int digits, StringBuilder value) {
        try {
            value.appendCodePoint(Integer.parseInt(source.substring(at, at + digits), 16));
            return at + digits;
        } catch (RuntimeException broken) {
            throw new TemplateException("a string has an escape that needs %d hexadecimal digits".formatted(digits));
        }
    }
}
