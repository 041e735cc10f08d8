package io.livegraft.gpu.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Commands of a stretch of work, kept to be issued later; two are equal when they would do the same to the same addresses. */
final class CommandLog {
    /** Where commands go. */
    interface Target {
        void launch(CudaKernel kernel, CudaGrid grid, ArgumentBlock arguments);

        void fill(long address, long words, int value);

        void copy(long to, long from, long bytes);
    }

    private sealed interface Command {}

    private record Launch(CudaKernel kernel, CudaGrid grid, long[] arguments) implements Command {
        @Override
        public boolean equals(Object other) {
            return other instanceof Launch launch
                    && kernel == launch.kernel
                    && grid.equals(launch.grid)
                    && Arrays.equals(arguments, launch.arguments);
        }

        @Override
        public int hashCode() {
            return 31 * System.identityHashCode(kernel) + Arrays.hashCode(arguments);
        }
    }

    private record Fill(long address, long words, int value) implements Command {}

    private record Copy(long to, long from, long bytes) implements Command {}

    private final List<Command> commands = new ArrayList<>();

    void launch(CudaKernel kernel, CudaGrid grid, ArgumentBlock arguments) {
        commands.add(new Launch(kernel, grid, arguments.written()));
    }

    void fill(long address, long words, int value) {
        commands.add(new Fill(address, words, value));
    }

    void copy(long to, long from, long bytes) {
        commands.add(new Copy(to, from, bytes));
    }

    boolean isEmpty() {
        return commands.isEmpty();
    }

    /** All of them, in order. */
    void issue(Target target) {
        ArgumentBlock block = new ArgumentBlock();
        for (Command command : commands) {
            switch (command) {
                case Launch(var kernel, var grid, var arguments) -> {
                    block.restore(arguments);
                    target.launch(kernel, grid, block);
                }
                case Fill(var address, var words, var value) -> target.fill(address, words, value);
                case Copy(var to, var from, var bytes) -> target.copy(to, from, bytes);
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CommandLog log && commands.equals(log.commands);
    }

    @Override
    public int hashCode() {
        return commands.hashCode();
    }

    @Override
    public String toString() {
        return commands.size() + " commands";
    }
}
