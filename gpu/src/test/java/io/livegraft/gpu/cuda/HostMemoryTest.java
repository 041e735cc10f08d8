package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.cuda.HostMemory.Block;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostMemoryTest {
    private static final long MOST = 40 << 12;
    private static final OffloadSettings ON = new OffloadSettings(Choice.ON, Choice.ON, MOST);

    private long lockedBefore;
    private CudaBackend backend;
    private HostMemory memory;

    @BeforeEach
    void open() {
        backend = StandIn.backend(ON);
        memory = backend.device().host();
        lockedBefore = StandIn.pinnedBytes();
    }

    @AfterEach
    void close() {
        backend.close();
    }

    @Test
    void whatIsGivenBackServesTheNextOneThatFits() {
        Block first = memory.allocate(5000);
        long address = first.address();
        first.free();
        first.free();
        assertEquals(0, memory.usedBytes());
        assertEquals(address, memory.allocate(8000).address());
        memory.allocate(16_384).free();
        assertNotEquals(16_384, memory.allocate(4096).bytes(), "much larger than it need be");
        assertEquals(8192 + 16_384 + 4096, memory.lockedBytes());
    }

    @Test
    void aBlockThatIsFreedTwiceTakesNothingFromItsSuccessor() {
        Block first = memory.allocate(4096);
        first.free();
        Block second = memory.allocate(4096);
        first.free();
        assertNotEquals(second.address(), memory.allocate(4096).address());
    }

    @Test
    void idleMemoryIsUnlockedBeforeTheBoundRefuses() {
        memory.allocate(MOST / 2).free();
        Block large = memory.allocate(MOST);
        assertEquals(MOST, memory.lockedBytes());
        assertEquals(MOST, StandIn.pinnedBytes() - lockedBefore);
        large.free();
    }

    @Test
    void whatNobodyRefersToAnyMoreServesAgain() {
        for (int i = 0; i < 4; i++) {
            memory.allocate(MOST / 2 + 1);
        }
        assertTrue(memory.peakBytes() <= MOST);
    }

    @Test
    void aRefusalSaysWhoHasHowMuchAndNothingIsLost() {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            backend.allocateUnset(Offloadable.MOMENTS, 1, 1024);
            CudaException refused =
                    assertThrows(CudaException.class, () -> backend.allocateUnset(Offloadable.MOMENTS, 40, 1024));
            assertTrue(refused.code().outOfMemory());
            assertTrue(refused.shapes().contains("offload-memory"), refused::toString);
            assertEquals(4096, memory.usedBytes());
        }
        assertEquals(0, memory.usedBytes());
        assertEquals(
                4 * 40 * 1024,
                backend.allocateUnset(Offloadable.MOMENTS, 40, 1024).bytes());
    }

    @Test
    void aHostThatLocksNoMoreIsAnAnswerToo() {
        try (CudaBackend greedy = StandIn.backend(new OffloadSettings(Choice.ON, Choice.ON, 1L << 40))) {
            HostMemory host = greedy.device().host();
            CudaException refused = assertThrows(CudaException.class, () -> host.allocate(1L << 39));
            assertTrue(refused.code().outOfMemory());
            assertEquals("cuMemHostAlloc", refused.operation());
            assertEquals(0, host.lockedBytes());
            assertEquals(4096, host.allocate(1).bytes());
        }
    }

    @Test
    void copiesKeepTheirOrderAndTheirValuesWhereverTheyGo() {
        float[] values = {1, -0f, Float.MIN_VALUE, 4, 5, 6};
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            Tensor onCard = backend.upload(values, 3, 2);
            Tensor kept = backend.allocateUnset(Offloadable.CHECKPOINTS, 6, 2);
            backend.copy(backend.rows(kept, 3, 3), onCard);
            backend.zero(onCard);
            backend.copy(backend.rows(kept, 1, 2), backend.rows(kept, 4, 2));
            Tensor back = backend.allocateUnset(3, 2);
            backend.copy(back, backend.rows(kept, 3, 3));
            Tensor again = backend.allocateUnset(3, 2);
            backend.copy(again, back);
            assertArrayEquals(values, read(again));
            assertArrayEquals(new float[] {Float.MIN_VALUE, 4, 5, 6}, read(backend.rows(kept, 1, 2)));
        }
    }

    private float[] read(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    @Test
    void temporariesEndWithTheirScope() {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            Tensor outer = backend.allocateUnset(Offloadable.MOMENTS, 1, 1000);
            try (var _ = backend.temporaries()) {
                backend.allocateUnset(Offloadable.MOMENTS, 1, 1000);
                assertEquals(2 * 4096, memory.usedBytes());
            }
            assertEquals(4096, memory.usedBytes());
            backend.upload(outer, new float[1000]);
        }
        assertEquals(0, memory.usedBytes());
    }

    @Test
    void closingTheDeviceUnlocksWhatIsStillInUse() {
        long before;
        try (CudaBackend other = StandIn.backend(ON)) {
            before = StandIn.pinnedBytes();
            other.allocateUnset(Offloadable.MOMENTS, 1, 1000);
            assertEquals(before + 4096, StandIn.pinnedBytes());
        }
        assertTrue(StandIn.pinnedBytes() < before, "staging and metadata, too");
    }
}
