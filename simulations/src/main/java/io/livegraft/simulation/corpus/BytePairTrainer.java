package io.livegraft.simulation.corpus;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Byte-pair encoding (Sennrich, Haddow, Birch, ACL 2016): joins the most frequent pair of neighbours until the vocabulary is full. Equal
 * counts are decided by the order of the pair's text, so the same texts give the same vocabulary. Digits are never joined: a number is then
 * spelled the same wherever it stands, which is what lets a small model copy an order number.
 */
final class BytePairTrainer {
    private final List<String> specialTokens;
    private final TreeMap<String, Long> words = new TreeMap<>();

    BytePairTrainer(List<String> specialTokens) {
        this.specialTokens = List.copyOf(specialTokens);
    }

    void add(String text) {
        ByteLevel.words(text).forEach(word -> words.merge(word, 1L, Long::sum));
    }

    /** May end with fewer than {@code size} tokens when no pair occurs twice. */
    BytePairVocabulary train(int size) {
        List<String> tokens = new ArrayList<>(specialTokens);
        tokens.addAll(ByteLevel.alphabet());
        List<BytePairVocabulary.Merge> merges = new ArrayList<>();
        List<Word> open = new ArrayList<>();
        words.forEach((word, count) -> open.add(Word.of(word, count)));
        while (tokens.size() < size) {
            Optional<BytePairVocabulary.Merge> best = mostFrequent(open);
            if (best.isEmpty()) {
                break;
            }
            BytePairVocabulary.Merge merge = best.get();
            open.forEach(word -> BytePairVocabulary.join(word.symbols(), merge));
            merges.add(merge);
            tokens.add(merge.joined());
        }
        return new BytePairVocabulary(List.copyOf(tokens), List.copyOf(merges));
    }

    private static Optional<BytePairVocabulary.Merge> mostFrequent(List<Word> words) {
        Map<BytePairVocabulary.Merge, Long> counts = new HashMap<>();
        for (Word word : words) {
            List<String> symbols = word.symbols();
            for (int i = 0; i + 1 < symbols.size(); i++) {
                counts.merge(new BytePairVocabulary.Merge(symbols.get(i), symbols.get(i + 1)), word.count(), Long::sum);
            }
        }
        return counts.entrySet().stream()
                .filter(entry -> entry.getValue() > 1)
                .filter(entry -> entry.getKey().joined().chars().noneMatch(c -> c >= '0' && c <= '9'))
                .min(Map.Entry.<BytePairVocabulary.Merge, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(entry -> entry.getKey().left())
                        .thenComparing(entry -> entry.getKey().right()))
                .map(Map.Entry::getKey);
    }

    /** A distinct word as its present symbols, and how often it occurs. */
    private record Word(List<String> symbols, long count) {
        static Word of(String word, long count) {
            return new Word(
                    new ArrayList<>(word.chars().mapToObj(Character::toString).toList()), count);
        }
    }
}
