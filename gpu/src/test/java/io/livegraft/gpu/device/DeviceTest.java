package io.livegraft.gpu.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.CpuKernels;
import io.livegraft.gpu.cuda.StandIn;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeviceTest {
    @Test
    void aCardSaysWhoHasItsMemoryAndTheMostThatWasInUse() {
        Device card = StandIn.opened();
        try (Backend backend = card.backend()) {
            long before = card.memoryUse().orElseThrow().peakBytes();
            backend.upload(new float[100_000], 100, 1_000);
            MemoryUse use = card.memoryUse().orElseThrow();
            assertTrue(use.peakBytes() >= before + 400_000, use.toString());
            assertTrue(use.plan().contains("free"), use.plan());
        }
    }

    @Test
    void aProcessorHasNoMemoryOfItsOwn() {
        Device processor = Device.open(new DeviceSettings.Cpu(), 1, CpuKernels::portable);
        try (Backend _ = processor.backend()) {
            assertEquals(Optional.empty(), processor.memoryUse());
        }
    }
}
