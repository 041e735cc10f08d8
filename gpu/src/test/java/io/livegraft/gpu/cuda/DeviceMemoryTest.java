package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.cuda.DeviceMemory.Block;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
    private static final long BYTES = 1 << 20;

    private final DeviceMemory memory = new DeviceMemory(1 << 12, BYTES);

    @Test
    void blocksNeverOverlapAndAllOfTheMemoryComesBack() {
        Random random = new Random(1);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            if (blocks.isEmpty() || (random.nextBoolean() && memory.largestHole() > 4096)) {
                Use use = random.nextBoolean() ? Use.WORKSPACES : Use.TENSORS;
                Block fresh = memory.allocate(1 + random.nextInt(4096), use);
                assertEquals(0, fresh.address() % DeviceMemory.ALIGNMENT);
                blocks.forEach(other -> assertTrue(apart(fresh, other)));
                blocks.add(fresh);
            } else {
                blocks.remove(random.nextInt(blocks.size())).free();
            }
        }
        blocks.forEach(Block::free);
        assertEquals(BYTES, memory.largestHole());
        assertEquals(0, memory.usedBytes());
    }

    private static boolean apart(Block one, Block other) {
        return one.address() + one.bytes() <= other.address() || other.address() + other.bytes() <= one.address();
    }

    @Test
    void aBlockThatIsFreedTwiceTakesNothingFromItsSuccessor() {
        Block first = memory.allocate(512, Use.TENSORS);
        first.free();
        Block second = memory.allocate(512, Use.TENSORS);
        assertEquals(first.address(), second.address());
        first.free();
        assertEquals(512, memory.usedBytes());
    }

    @Test
    void whatNobodyRefersToAnyMoreServesAgain() {
        for (int i = 0; i < 8; i++) {
            memory.allocate(BYTES / 2 + 1, Use.TENSORS);
        }
        assertTrue(memory.peakBytes() <= BYTES);
    }

    @Test
    void memoryThatIsShortIsAnAnswerWithTheBudget() {
        Block weights = memory.allocate(BYTES / 2, Use.WEIGHTS);
        CudaException refused = assertThrows(CudaException.class, () -> memory.allocate(BYTES, Use.CACHES));
        assertTrue(refused.code().outOfMemory());
        assertTrue(refused.shapes().contains("weights 0.5"), refused::toString);
        weights.free();
        assertEquals(BYTES, memory.allocate(BYTES, Use.CACHES).bytes());
    }

    @Test
    void anIdleWorkspaceGivesItsMemoryBackWhenItIsNeeded() {
        CudaWorkspaces workspaces = new CudaWorkspaces(memory);
        try (Workspace workspace = workspaces.workspace();
                var _ = workspace.use()) {
            workspaces.unset(100, 1000);
        }
        assertTrue(memory.usedBytes() > 0);
        assertEquals(BYTES, memory.allocate(BYTES, Use.WEIGHTS).bytes());
    }

    @Test
    void theSamePassFindsItsTensorsAtTheSameAddresses() {
        CudaWorkspaces workspaces = new CudaWorkspaces(memory);
        List<CudaTensor> first = pass(workspaces);
        assertEquals(
                first.stream().map(CudaTensor::address).toList(),
                pass(workspaces).stream().map(CudaTensor::address).toList());
    }

    private static List<CudaTensor> pass(CudaWorkspaces workspaces) {
        List<CudaTensor> tensors = new ArrayList<>();
        try (Workspace workspace = workspaces.workspace();
                var _ = workspace.use()) {
            for (int i = 1; i < 5; i++) {
                tensors.add(workspaces.unset(i, 67));
                try (var _ = workspaces.scratch()) {
                    tensors.add(workspaces.unset(3, i));
                }
            }
        }
        return tensors;
    }
}
