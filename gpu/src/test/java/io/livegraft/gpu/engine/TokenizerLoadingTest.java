package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerLoadingTest {
    private static final Path BASE = Path.of(System.getProperty("basedir", ""), "../deploy/base/livegraft-tiny");
    private static final ModelConfig CONFIG = ModelDirectory.open(BASE).config();

    @TempDir
    private Path broken;

    @Test
    void itIsTheTokenizerOfTheBase() {
        try (Tokenizer tokenizer = TokenizerLoading.begin(BASE, CONFIG).await();
                Tokenizer expected = Tokenizer.load(BASE, CONFIG)) {
            assertArrayEquals(expected.encode("Once upon a time"), tokenizer.encode("Once upon a time"));
        }
    }

    @Test
    void aTokenizerThatCantBeUsedIsRefusedAsIfReadByTheCaller() throws IOException {
        Files.writeString(broken.resolve("tokenizer.json"), "{\"model\": {}}");
        TokenizerLoading loading = TokenizerLoading.begin(broken, CONFIG);
        LivegraftException refused = assertThrows(LivegraftException.class, loading::await);
        assertEquals(ErrorCode.INVALID_MODEL, refused.code());
        assertTrue(String.valueOf(refused.getMessage()).contains("expected BPE with vocab and merges"));
        assertThrows(LivegraftException.class, loading::giveUp);
    }
}
