package io.livegraft.gpu.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.CpuKernels;
import io.livegraft.gpu.cuda.CublasLibrary;
import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

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
    void fastIsRefusedWhereItCouldNotBeKept() {
        Config fast = ConfigFactory.parseString("profile = fast")
                .withFallback(ConfigFactory.load().getConfig("livegraft.engine"));
        assertTrue(refusal(() -> DeviceSettings.named("cpu", fast)).contains("the CPU has no library"));
        assumeTrue(CublasLibrary.find().isEmpty(), "this machine has cuBLAS");
        for (String backend : List.of("auto", "cuda")) {
            DeviceSettings settings = DeviceSettings.named(backend, fast);
            String refusal = refusal(() -> Device.open(settings, 1, CpuKernels::portable));
            assertTrue(refusal.matches("livegraft.engine.(profile is fast|backend is cuda), .*but .*"), refusal);
        }
    }

    @Test
    void aProfileThatDoesNotExistIsRefused() {
        Config other = ConfigFactory.parseString("profile = faster")
                .withFallback(ConfigFactory.load().getConfig("livegraft.engine"));
        assertTrue(refusal(() -> DeviceSettings.named("auto", other)).contains("'faster', expected invariant or fast"));
    }

    private static String refusal(Executable refused) {
        LivegraftException refusal = assertThrows(LivegraftException.class, refused);
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        return String.valueOf(refusal.getMessage());
    }

    @Test
    void aProcessorHasNoMemoryOfItsOwn() {
        Device processor = Device.open(new DeviceSettings.Cpu(), 1, CpuKernels::portable);
        try (Backend _ = processor.backend()) {
            assertEquals(Optional.empty(), processor.memoryUse());
        }
    }
}
