package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkspaceTest {
    private final Backend backend = new VectorBackend(2);

    @AfterEach
    void close() {
        backend.close();
    }

    @Test
    void temporariesLieWhereThoseOfTheScopeBeforeLay() {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            CpuTensor kept = filled(3, 5, 1);
            CpuTensor first = temporary();
            CpuTensor second = temporary();
            assertSame(first.data(), second.data());
            assertEquals(first.offset(), second.offset());
            assertArrayEquals(new float[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, values(kept));
        }
    }

    @Test
    void theNextWorkspaceHasTheMemoryOfTheOneBefore() {
        CpuTensor first = pass(1_000, 300);
        CpuTensor second = pass(1_000, 300);
        assertSame(first.data(), second.data());
        assertEquals(first.offset(), second.offset());
    }

    @Test
    void workspacesThatAreOpenTogetherShareNothing() {
        try (Workspace one = backend.workspace();
                Workspace other = backend.workspace()) {
            CpuTensor first = in(one);
            CpuTensor second = in(other);
            CpuTensor third = in(one);
            assertNotSame(first.data(), second.data());
            assertSame(first.data(), third.data());
            assertTrue(third.offset() >= first.offset() + first.size());
        }
    }

    @Test
    void aTensorOfZerosIsOneWhateverItsMemoryHeld() {
        for (int pass = 0; pass < 2; pass++) {
            try (Workspace workspace = backend.workspace();
                    var _ = workspace.use()) {
                assertArrayEquals(new float[15], values(CpuTensor.of(backend.allocate(3, 5))));
                filled(3, 5, 7);
                filled(500, 300, 7);
                assertEquals(0, backend.sumOfSquares(backend.allocate(500, 300)));
            }
        }
    }

    @Test
    void outsideOfAWorkspaceTensorsHaveMemoryOfTheirOwn() {
        CpuTensor first = temporary();
        CpuTensor second = temporary();
        assertNotSame(first.data(), second.data());
    }

    @Test
    void aTensorLargerThanAllBeforeFindsRoom() {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            for (int rows = 1; rows < 10_000; rows *= 3) {
                assertEquals(rows * 301, filled(rows, 301, 2).size());
            }
            assertTrue(workspace.bytes() >= 4L * 301 * 6_561);
        }
    }

    @Test
    void memoryThatNoPassHasReachedForLongIsGivenUp() {
        pass(2_000, 300);
        pass(3, 5);
        long most = bytes();
        for (int i = 0; i < 2 * TensorStack.REMEMBERED; i++) {
            pass(3, 5);
        }
        assertTrue(most >= 4L * 2_000 * 300, most + " bytes");
        assertTrue(bytes() < most / 4, bytes() + " bytes");
    }

    @Test
    void aClosedWorkspaceIsNotUsed() {
        Workspace workspace = backend.workspace();
        workspace.close();
        workspace.close();
        assertThrows(IllegalStateException.class, workspace::use);
    }

    private long bytes() {
        try (Workspace workspace = backend.workspace()) {
            return workspace.bytes();
        }
    }

    private CpuTensor in(Workspace workspace) {
        try (var _ = workspace.use()) {
            return filled(3, 5, 1);
        }
    }

    private CpuTensor pass(int rows, int columns) {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            filled(2, 2, 1);
            return filled(rows, columns, 1);
        }
    }

    private CpuTensor temporary() {
        try (var _ = backend.temporaries()) {
            return filled(3, 5, 2);
        }
    }

    private CpuTensor filled(int rows, int columns, float value) {
        CpuTensor tensor = CpuTensor.of(backend.allocateUnset(rows, columns));
        for (int i = 0; i < tensor.size(); i++) {
            tensor.data()[tensor.offset() + i] = value;
        }
        return tensor;
    }

    private float[] values(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }
}
