package io.livegraft.simulation.corpus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A trained byte-level BPE vocabulary.
 *
 * @param tokens by id: special tokens, the 256 byte characters, then one token for each merge
 * @param merges in the order they are applied
 */
record BytePairVocabulary(List<String> tokens, List<Merge> merges) {
    /** Two neighbours that become one token. */
    record Merge(String left, String right) {
        String joined() {
            return left + right;
        }
    }

    List<Integer> encode(String text) {
        Map<String, Integer> ids = new HashMap<>();
        for (String token : tokens) {
            ids.put(token, ids.size());
        }
        List<Integer> encoded = new ArrayList<>();
        for (String word : ByteLevel.words(text)) {
            List<String> symbols =
                    new ArrayList<>(word.chars().mapToObj(Character::toString).toList());
            for (Merge merge : merges) {
                join(symbols, merge);
            }
            for (String symbol : symbols) {
                encoded.add(ids.getOrDefault(symbol, -1));
            }
        }
        return encoded;
    }

    String decode(List<Integer> ids) {
        StringBuilder characters = new StringBuilder();
        ids.forEach(id -> characters.append(tokens.get(id)));
        return ByteLevel.text(characters.toString());
    }

    /** Joins every occurrence of the pair, left to right. */
    static void join(List<String> symbols, Merge merge) {
        for (int i = 0; i + 1 < symbols.size(); i++) {
            if (symbols.get(i).equals(merge.left()) && symbols.get(i + 1).equals(merge.right())) {
                symbols.set(i, merge.joined());
                symbols.remove(i + 1);
            }
        }
    }
}
