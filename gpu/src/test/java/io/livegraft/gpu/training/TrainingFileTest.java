package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.BundledBase;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingFileTest {
    private static final Dpo DPO = new Dpo(0.1, 0, false);

    @TempDir
    Path dir;

    private final Tokenizer tokenizer = Tokenizer.load(
            BundledBase.DIRECTORY, ModelDirectory.open(BundledBase.DIRECTORY).config());

    @Test
    void eachLossReadsItsOwnFormat() {
        List<TrainingInput> supervised = read(new Sft(), """
                {"prompt": "Where is", "completion": " it?"}

                {"prompt": "a", "completion": "b", "label": 3, "more": null}""");
        assertEquals(2, supervised.size());
        assertSameTokens(
                tokenizer.example("Where is", " it?"),
                assertInstanceOf(TrainingInput.Supervised.class, supervised.getFirst())
                        .example());

        TrainingInput pair = read(DPO, "{\"prompt\": \"p\", \"chosen\": \"good\", \"rejected\": \"bad\"}")
                .getFirst();
        TrainingInput.Preference preference = assertInstanceOf(TrainingInput.Preference.class, pair);
        assertSameTokens(tokenizer.example("p", "good"), preference.chosen());
        assertSameTokens(tokenizer.example("p", "bad"), preference.rejected());

        for (Loss loss : List.of(new Kto(0.1, 1, 1), new Bco(0.1), new ApoZero(0.1))) {
            List<TrainingInput> labelled = read(loss, """
                    {"prompt": "p", "completion": "c", "label": true}
                    {"prompt": "p", "completion": "c", "label": false}""");
            assertTrue(labelled.get(0).desirable(0));
            assertTrue(!labelled.get(1).desirable(0));
        }
    }

    @Test
    void listsOfMessagesGoThroughTheChatFormat() {
        TrainingExample expected = tokenizer.example("User: Hi\nAssistant:", " Hello");
        TrainingInput whole = read(new Sft(), """
                {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}""").getFirst();
        assertSameTokens(expected, whole.sequences().getFirst());
        TrainingInput pair = read(DPO, """
                {"prompt": [{"role": "user", "content": "Hi"}], \
                "chosen": [{"role": "assistant", "content": "Hello"}], \
                "rejected": [{"role": "assistant", "content": "No"}]}""").getFirst();
        assertSameTokens(expected, pair.sequences().getFirst());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "sft|nonsense|is not JSON",
                "sft|{\"prompt\": \"p\"}|needs \"prompt\" and \"completion\", both strings",
                "sft|{\"prompt\": \"p\", \"completion\": []}|needs \"prompt\" and \"completion\", both strings",
                "sft|{\"messages\": [{\"role\": \"user\", \"content\": \"p\"}]}|needs at least two \"messages\"",
                "sft|{\"messages\": [{\"role\": \"user\", \"content\": \"p\"}, {\"role\": \"user\", \"content\": \"p\"}]}|of role 'user', expected assistant",
                "sft|{\"messages\": [{\"role\": \"robot\", \"content\": \"p\"}, {\"role\": \"assistant\", \"content\": \"p\"}]}|'robot'",
                "sft|{\"messages\": [{\"role\": \"user\"}, 3]}|the strings \"role\" and \"content\"",
                "dpo|{\"prompt\": \"p\", \"chosen\": \"c\"}|needs \"prompt\" and \"rejected\"",
                "kto|{\"prompt\": \"p\", \"completion\": \"c\"}|needs \"label\", true or false",
                "kto|{\"prompt\": \"p\", \"completion\": \"c\", \"label\": \"yes\"}|needs \"label\", true or false"
            })
    void whatALineLacksIsSaidWithItsNumber(String loss, String line, String why) {
        Loss of =
                switch (loss) {
                    case "sft" -> new Sft();
                    case "dpo" -> DPO;
                    default -> new Kto(0.1, 1, 1);
                };
        String good =
                "{\"prompt\": \"p\", \"completion\": \"c\", \"label\": true, \"chosen\": \"c\", \"rejected\": \"d\"}";
        LivegraftException refused =
                assertThrows(LivegraftException.class, () -> read(of, good + "\n\n" + line + "\n" + good));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refused.code());
        String message = String.valueOf(refused.getMessage());
        assertTrue(message.startsWith("line 3 of "), message);
        assertTrue(message.contains(why), message);
    }

    @Test
    void aSequenceThatIsTooLongAndAnEmptyFileAreRefused() {
        String long_ = "a b c d e f g h ".repeat(100);
        LivegraftException refused = assertThrows(
                LivegraftException.class,
                () -> read(DPO, "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"%s\"}".formatted(long_)));
        assertTrue(String.valueOf(refused.getMessage()).contains("but the base attends to 512"), refused.toString());
        assertThrows(LivegraftException.class, () -> read(DPO, "\n \n"));
        assertThrows(LivegraftException.class, () -> new TrainingFile(dir.resolve("missing.jsonl"), tokenizer, 512)
                .read(DPO));
    }

    private List<TrainingInput> read(Loss loss, String lines) {
        Path file = dir.resolve("data.jsonl");
        try {
            Files.writeString(file, lines);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return new TrainingFile(file, tokenizer, 512).read(loss);
    }

    private static void assertSameTokens(TrainingExample expected, TrainingExample actual) {
        assertArrayEquals(expected.tokens(), actual.tokens());
        assertEquals(expected.firstTarget(), actual.firstTarget());
    }
}
