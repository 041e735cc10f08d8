package io.livegraft.gpu.tokenizer;

import java.util.Comparator;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Puts the secret names of special tokens where a template, which is trusted with them, spells the known ones. */
record SecretNames(Map<String, String> byName, Pattern known) {
    static SecretNames of(Map<String, String> byName) {
        String longestFirst = byName.keySet().stream()
                .filter(name -> !name.isEmpty())
                .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()))
                .map(Pattern::quote)
                .collect(Collectors.joining("|"));
        return new SecretNames(byName, Pattern.compile(longestFirst.isEmpty() ? "(?!)" : longestFirst));
    }

    String in(String text) {
        return known.matcher(text).replaceAll(found -> Matcher.quoteReplacement(byName.get(found.group())));
    }
}
