package io.livegraft.simulation.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class BytePairTest {
    @Test
    void decodesWhatItEncoded() {
        BytePairVocabulary vocabulary = train(300, "the parcel is in the parcel shop", "the shop is here");
        for (String text : List.of(
                "", "the parcel", "  two  spaces\n\n tab\t", "über naïve 漢字 🙂", "it's 4821!", "\u0000\u0001\u007f")) {
            assertEquals(text, vocabulary.decode(vocabulary.encode(text)));
        }
        for (int code = 0; code < 0x3000; code++) {
            String character = Character.toString(code);
            assertEquals(character, vocabulary.decode(vocabulary.encode(character)));
        }
    }

    @Test
    void mergesTheMostFrequentPairFirst() {
        BytePairVocabulary vocabulary = train(259, "ab", "ab", "cd");
        assertEquals(List.of(new BytePairVocabulary.Merge("a", "b")), vocabulary.merges());
        assertEquals(List.of(258), vocabulary.encode("ab"));
    }

    @Test
    void breaksTiesByTheTextOfThePair() {
        assertEquals(
                List.of(new BytePairVocabulary.Merge("a", "b"), new BytePairVocabulary.Merge("c", "d")),
                train(260, "cd", "ab", "cd", "ab").merges());
    }

    @Test
    void neverJoinsDigits() {
        BytePairVocabulary vocabulary = train(400, "order 4821", "order 4821", "order 4821", "order 4821");
        assertTrue(
                vocabulary.merges().stream().noneMatch(merge -> merge.joined().matches(".*[0-9].*")));
        assertEquals(1 + 1 + 4, vocabulary.encode("order 4821").size());
    }

    @Test
    void cutsWordsAsGpt2Does() {
        assertEquals(
                List.of("It", "'s", "Ġorder", "Ġ", "Ġ42", ",", "Ġnow", "Ċ"), ByteLevel.words("It's order  42, now\n"));
    }

    private static BytePairVocabulary train(int size, String... texts) {
        BytePairTrainer trainer = new BytePairTrainer(List.of("<s>", "</s>"));
        List.of(texts).forEach(trainer::add);
        return trainer.train(size);
    }
}
