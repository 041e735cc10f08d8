package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.livegraft.gpu.machinecode.HugeMemory;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FactorMemoryTest {
    private final FactorMemory memory = new FactorMemory(new HugeMemory());

    @ParameterizedTest
    @ValueSource(longs = {64, 100_000, 3L << 20})
    void swapsOfOneSizeTakeTurnsInTheSameMemory(long bytes) {
        MemorySegment serving = memory.take(bytes);
        Set<Long> addresses = new HashSet<>();
        for (int swap = 0; swap < 1_000; swap++) {
            MemorySegment staged = memory.take(bytes);
            assertNotEquals(serving.address(), staged.address());
            addresses.add(staged.address());
            memory.giveBack(serving);
            serving = staged;
        }
        assertEquals(2, addresses.size());
    }

    @Test
    void aBlockServesNoOtherSize() {
        memory.giveBack(memory.take(4_096));
        assertEquals(2_048, memory.take(2_048).byteSize());
    }
}
