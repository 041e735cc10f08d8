package io.livegraft.gpu.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What Python's string methods do where Java's do something else. */
final class PythonText {
    private PythonText() {}

    /** Without leading or trailing characters of the set; an empty set is whitespace. */
    static String strip(String text, String set, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && in(text.charAt(from), set)) {
            from++;
        }
        while (right && to > from && in(text.charAt(to - 1), set)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean in(char c, String set) {
        return set.isEmpty() ? isSpace(c) : set.indexOf(c) >= 0;
    }

    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    /** Pieces between separators, empty ones too; without a separator, words. A second argument bounds the cuts. */
    static List<String> split(String text, Object[] arguments) {
        int cuts = arguments.length > 1 && arguments[1] instanceof Number most ? most.intValue() : -1;
        if (arguments.length == 0 || arguments[0] == null) {
            String words = strip(text, "", true, true);
            return words.isEmpty() ? new ArrayList<>() : new ArrayList<>(List.of(words.split("\\s+")));
        }
        String separator = String.valueOf(arguments[0]);
        if (separator.isEmpty()) {
            throw new TemplateException("splits at an empty separator");
        }
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(separator); at >= 0 && cuts != 0; at = text.indexOf(separator, from)) {
            pieces.add(text.substring(from, at));
            from = at + separator.length();
            cuts--;
        }
        pieces.add(text.substring(from));
        return pieces;
    }

    static String capitalize(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toUpperCase(Locale.ROOT)
                        + text.substring(1).toLowerCase(Locale.ROOT);
    }

    /** The first letter of every run of letters large, the others small. */
    static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inWord = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            title.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
            inWord = Character.isLetter(c);
        }
        return title.toString();
    }

    static long count(String text, String part) {
        return part.isEmpty()
                ? text.length() + 1
                : split(text, new Object[] {part}).size() - 1;
    }
}
