package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Where tensors come from: the stack of the workspace in use, else blocks of their own. Stacks that no workspace has are kept for the
 * next ones until memory is short.
 */
final class CudaWorkspaces {
    private final DeviceMemory memory;
    private final Deque<CudaStack> idle = new ArrayDeque<>();
    private Optional<CudaStack> current = Optional.empty();

    CudaWorkspaces(DeviceMemory memory) {
        this.memory = memory;
        memory.whenShort(this::trim);
    }

    /** Gives up the memory of stacks that no workspace has. */
    void trim() {
        idle.forEach(CudaStack::free);
        idle.clear();
    }

    /** Values are any. */
    CudaTensor unset(int rows, int columns) {
        return current.map(stack -> stack.push(rows, columns)).orElseGet(() -> own(rows, columns, Use.TENSORS));
    }

    /** A tensor with a block of its own, with any values. */
    CudaTensor own(int rows, int columns, Use use) {
        DeviceMemory.Block block = memory.allocate(4L * rows * columns, use);
        return new CudaTensor(block.address(), rows, columns, block);
    }

    /** In the host's memory, with any values; it ends as {@link #unset} does. */
    CudaTensor offDevice(HostMemory host, int rows, int columns) {
        HostMemory.Block block = host.allocate(4L * rows * columns);
        current.ifPresent(stack -> stack.push(block));
        return new CudaTensor(block.address(), rows, columns, block);
    }

    Workspace workspace() {
        return new Stacked(taken());
    }

    private CudaStack taken() {
        return idle.isEmpty() ? new CudaStack(memory) : idle.pop();
    }

    /** Ends, when closed, the life of what was allocated in the workspace in use since. */
    Workspace.Scope temporaries() {
        if (current.isEmpty()) {
            return () -> {};
        }
        CudaStack stack = current.get();
        CudaStack.Top mark = stack.top();
        return () -> stack.pop(mark);
    }

    /** As {@link #temporaries}, and what is allocated ends with the scope where no workspace is in use too: for launches. */
    Workspace.Scope scratch() {
        if (current.isPresent()) {
            return temporaries();
        }
        CudaStack stack = taken();
        current = Optional.of(stack);
        return () -> {
            current = Optional.empty();
            stack.clear();
            idle.push(stack);
        };
    }

    private final class Stacked implements Workspace {
        private final CudaStack stack;
        private boolean closed;

        Stacked(CudaStack stack) {
            this.stack = stack;
        }

        @Override
        public Scope use() {
            if (closed) {
                throw new IllegalStateException("a workspace was used after it was closed");
            }
            Optional<CudaStack> before = current;
            current = Optional.of(stack);
            return () -> current = before;
        }

        @Override
        public long bytes() {
            return stack.bytes();
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                stack.clear();
                idle.push(stack);
            }
        }
    }
}
