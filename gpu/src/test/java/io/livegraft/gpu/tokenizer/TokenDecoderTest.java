package io.livegraft.gpu.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDecoderTest {
    private static final String TEXT = "a b  a — café 你好 🙂👩‍👩‍👧 \uD83D\uDE42a\n b";
    private static final int CLEF = 0x1D11E; // F0 9D 84 9E

    @TempDir
    Path dir;

    @Test
    void piecesTogetherAreTheTextAndNoneBreaksACharacter() {
        for (Tokenizer tokenizer : List.of(TinyTokenizer.byteLevel(dir), TinyTokenizer.byteFallback(dir))) {
            TokenDecoder decoder = tokenizer.decoder();
            StringBuilder text = new StringBuilder();
            for (int id : tokenizer.encode(TEXT)) {
                String piece = decoder.push(id);
                assertFalse(piece.contains("\uFFFD"), "half a character in '" + piece + "'");
                text.append(piece);
            }
            assertEquals(TEXT, text.append(decoder.flush()).toString());
            tokenizer.close();
        }
    }

    @Test
    void givesACharacterOutWithItsLastByte() {
        try (Tokenizer tokenizer = TinyTokenizer.byteFallback(dir)) {
            TokenDecoder decoder = tokenizer.decoder();
            assertEquals(List.of("", "", "", "𝄞"), pushBytes(decoder, Character.toString(CLEF)));
            assertEquals(List.of("", "é"), pushBytes(decoder, "é"), "the run of bytes goes on");
        }
    }

    @Test
    void brokenBytesDoNotSpoilWhatWasGivenOut() {
        try (Tokenizer tokenizer = TinyTokenizer.byteFallback(dir)) {
            TokenDecoder decoder = tokenizer.decoder();
            assertEquals(List.of("", "é"), pushBytes(decoder, "é"));
            assertEquals("", decoder.push(2 + 0xFF));
            assertEquals("\uFFFDb", decoder.push(tokenizer.encode("ab")[2]));
        }
    }

    @Test
    void unfinishedBytesComeOutAtTheEnd() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            TokenDecoder decoder = tokenizer.decoder();
            assertEquals("", decoder.push(2 + 0xE2));
            assertEquals("\uFFFD", decoder.flush());
            assertEquals("", decoder.flush());
        }
    }

    @Test
    void keepsTheSpaceBeforeTheFirstWordAfterAPrompt() {
        try (Tokenizer tokenizer = TinyTokenizer.byteFallback(dir)) {
            int[] ids = tokenizer.encode("a a b");
            int[] prompt = Arrays.copyOf(ids, 2);
            TokenDecoder decoder = tokenizer.decoderAfter(prompt);
            StringBuilder text = new StringBuilder();
            Arrays.stream(ids).skip(prompt.length).forEach(id -> text.append(decoder.push(id)));
            assertEquals(" a b", text.append(decoder.flush()).toString());
            assertEquals("a b", tokenizer.decode(Arrays.copyOfRange(ids, 2, ids.length)), "which a fresh one drops");
            TokenDecoder first = tokenizer.decoderAfter(new int[] {TinyTokenizer.BOS});
            assertEquals("a", first.push(ids[1]), "BOS alone is no text to go on from");
        }
    }

    @Test
    void specialTokensNeitherShowNorPartTheBytesAroundThem() {
        try (Tokenizer tokenizer = TinyTokenizer.byteFallback(dir)) {
            TokenDecoder decoder = tokenizer.decoder();
            assertEquals("", decoder.push(2 + 0xC3));
            assertEquals("", decoder.push(TinyTokenizer.EOS));
            assertEquals("é", decoder.push(2 + 0xA9));
        }
    }

    @Test
    void anyBytesStreamIntoWhatDecodeMakesOfThemAll() {
        long seed = 20251101;
        SplittableRandom random = new SplittableRandom(seed);
        for (Tokenizer tokenizer : List.of(TinyTokenizer.byteLevel(dir), TinyTokenizer.byteFallback(dir))) {
            for (int round = 0; round < 50; round++) {
                int[] ids = random.ints(60, 0, 263).toArray();
                TokenDecoder decoder = tokenizer.decoder();
                StringBuilder text = new StringBuilder();
                for (int id : ids) {
                    text.append(decoder.push(id));
                }
                assertEquals(
                        tokenizer.decode(ids),
                        text.append(decoder.flush()).toString(),
                        "seed " + seed + " round " + round);
            }
            tokenizer.close();
        }
    }

    @Test
    void theLibraryAgreesOnAnyBytesOfTheByteLevelKind() {
        SplittableRandom random = new SplittableRandom(5);
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            for (int round = 0; round < 50; round++) {
                byte[] bytes = new byte[40];
                random.nextBytes(bytes);
                int[] ids = IntStream.range(0, bytes.length)
                        .map(i -> 2 + (bytes[i] & 0xFF))
                        .toArray();
                // how many marks a long run of broken bytes gets depends on where it was given up
                assertEquals(
                        new String(bytes, StandardCharsets.UTF_8).replaceAll("\uFFFD+", "\uFFFD"),
                        tokenizer.decode(ids).replaceAll("\uFFFD+", "\uFFFD"));
            }
        }
    }

    @Test
    void workPerIdDoesNotGrowWithTheSequence() {
        AtomicInteger longest = new AtomicInteger();
        TokenDecoder decoder = new TokenDecoder(
                ids -> {
                    longest.accumulateAndGet(ids.length, Math::max);
                    return "\uFFFD".repeat(ids.length);
                },
                id -> false,
                new int[0]);
        int text = 0;
        for (int i = 0; i < 1000; i++) {
            text += decoder.push(i).length();
        }
        assertEquals(1000, text + decoder.flush().length());
        assertTrue(longest.get() <= 32, "decoded " + longest + " ids at once");
    }

    private static List<String> pushBytes(TokenDecoder decoder, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return IntStream.range(0, bytes.length)
                .mapToObj(i -> decoder.push(2 + (bytes[i] & 0xFF)))
                .toList();
    }
}
