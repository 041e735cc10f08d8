package io.livegraft.simulation.corpus;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GPT-2's byte-level text: every byte is written as one printable character, words are cut by its regular expression. */
final class ByteLevel {
    private static final Pattern WORD = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);
    private static final char[] CHARACTERS = characters();

    private ByteLevel() {}

    /** The 256 characters in the order of the bytes they stand for. */
    private static char[] characters() {
        char[] characters = new char[256];
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            characters[b] = printable ? (char) b : next++;
        }
        return characters;
    }

    static List<String> alphabet() {
        List<String> alphabet = new ArrayList<>();
        for (char character : CHARACTERS) {
            alphabet.add(String.valueOf(character));
        }
        return alphabet;
    }

    /** The words of a text, each as byte characters. */
    static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(text);
        while (matcher.find()) {
            StringBuilder word = new StringBuilder();
            for (byte b : matcher.group().getBytes(StandardCharsets.UTF_8)) {
                word.append(CHARACTERS[b & 0xFF]);
            }
            words.add(word.toString());
        }
        return words;
    }

    /** The text whose byte characters these are. */
    static String text(String characters) {
        String table = new String(CHARACTERS);
        byte[] bytes = new byte[characters.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) table.indexOf(characters.charAt(i));
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
