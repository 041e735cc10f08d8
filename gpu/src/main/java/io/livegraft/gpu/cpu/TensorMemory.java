package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Workspace;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Where tensors come from: the stack of the workspace in use, else arrays of their own. Stacks that no workspace has are kept for
 * the next ones while the heap has room.
 */
final class TensorMemory {
    private final Deque<SoftReference<TensorStack>> idle = new ArrayDeque<>();
    private Optional<TensorStack> current = Optional.empty();

    /** Values are any. */
    CpuTensor unset(int rows, int columns) {
        if (current.isPresent()) {
            return current.get().push(rows, columns);
        }
        CpuTensor tensor = own(rows, columns);
        assert TensorStack.poisoned(tensor.data(), 0, tensor.size());
        return tensor;
    }

    /** A tensor with an array of its own, of zeros. */
    static CpuTensor own(int rows, int columns) {
        return new CpuTensor(new float[Math.multiplyExact(rows, columns)], 0, rows, columns);
    }

    /** Whether a workspace is in use. */
    boolean shared() {
        return current.isPresent();
    }

    Workspace workspace() {
        while (!idle.isEmpty()) {
            TensorStack stack = idle.pop().get();
            if (stack != null) {
                return new Stacked(stack);
            }
        }
        return new Stacked(new TensorStack());
    }

    /** Ends, when closed, the life of what was allocated in the workspace in use since. */
    Workspace.Scope temporaries() {
        if (current.isEmpty()) {
            return () -> {};
        }
        TensorStack stack = current.get();
        TensorStack.Top mark = stack.top();
        return () -> stack.pop(mark);
    }

    private final class Stacked implements Workspace {
        private final TensorStack stack;
        private boolean closed;

        Stacked(TensorStack stack) {
            this.stack = stack;
        }

        @Override
        public Scope use() {
            if (closed) {
                throw new IllegalStateException("a workspace was used after it was closed");
            }
            Optional<TensorStack> before = current;
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
                idle.push(new SoftReference<>(stack));
            }
        }
    }
}
