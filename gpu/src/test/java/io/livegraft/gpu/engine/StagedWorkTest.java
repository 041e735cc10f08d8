package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StagedWorkTest {
    private final Engine engine = TestingEngine.open(1);
    private final StagedAdapter adapter =
            engine.stage(LoraAdapter.initial(new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR), engine.config(), 1));

    /** So many slices, then done; with none left it fails. */
    private static final class Countdown implements SlicedWork<String> {
        private int left;

        Countdown(int slices) {
            this.left = slices;
        }

        @Override
        public boolean advance() {
            if (left == 0) {
                throw new IllegalStateException("no slice is left");
            }
            return --left == 0;
        }

        @Override
        public String result() {
            return "done";
        }
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void theAdapterIsThereUntilTheLastSliceAndNotAfterIt() {
        SlicedWork<String> work = new StagedWork<>(new Countdown(2), adapter);
        work.advance();
        assertDoesNotThrow(adapter::tensors);
        work.advance();
        assertThrows(IllegalStateException.class, adapter::tensors);
        assertEquals("done", work.result());
    }

    @Test
    void theAdapterGoesWithWorkThatFails() {
        SlicedWork<String> work = new StagedWork<>(new Countdown(0), adapter);
        assertThrows(IllegalStateException.class, work::advance);
        assertThrows(IllegalStateException.class, adapter::tensors);
    }
}
