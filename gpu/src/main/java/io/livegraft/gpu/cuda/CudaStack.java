package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cuda.DeviceMemory.Block;
import io.livegraft.gpu.cuda.DeviceMemory.Use;
import java.util.ArrayList;
import java.util.List;

/**
 * Blocks that tensors are laid into one behind the other, and taken off from the last. It grows to what the largest pass needs; the
 * same pushes after the same top have the same addresses, which is what lets a decode step be a graph.
 */
final class CudaStack {
    /** Where the stack ends: a block, and its first free byte; and how many blocks of the host's memory are on it. */
    record Top(int block, long next, int offDevice) {}

    private static final Top BOTTOM = new Top(0, 0, 0);

    private static final long SMALLEST = 1 << 20;
    private static final long LARGEST = 1 << 28;
    /** Of what a stack has, a part that its next block adds at least. */
    private static final long GROWTH = 4;

    private final DeviceMemory memory;
    private final List<Block> blocks = new ArrayList<>();
    private final List<HostMemory.Block> offDevice = new ArrayList<>();
    private Top top = BOTTOM;

    CudaStack(DeviceMemory memory) {
        this.memory = memory;
    }

    /** A tensor on top, with any values. */
    CudaTensor push(int rows, int columns) {
        long size = 4L * rows * columns;
        while (top.block() < blocks.size() && size > blocks.get(top.block()).bytes() - top.next()) {
            top = new Top(top.block() + 1, 0, top.offDevice());
        }
        if (top.block() == blocks.size()) {
            blocks.add(
                    memory.allocate(Math.max(size, Math.clamp(bytes() / GROWTH, SMALLEST, LARGEST)), Use.WORKSPACES));
        }
        Block block = blocks.get(top.block());
        CudaTensor tensor = new CudaTensor(block.address() + top.next(), rows, columns, block);
        long end = Math.ceilDiv(top.next() + size, DeviceMemory.ALIGNMENT) * DeviceMemory.ALIGNMENT;
        top = new Top(top.block(), Math.min(block.bytes(), end), top.offDevice());
        return tensor;
    }

    /** Gives the block back when it is taken off. */
    void push(HostMemory.Block block) {
        offDevice.add(block);
        top = new Top(top.block(), top.next(), offDevice.size());
    }

    Top top() {
        return top;
    }

    /** Takes off what was pushed since {@link #top} was {@code mark}. */
    void pop(Top mark) {
        while (offDevice.size() > mark.offDevice()) {
            offDevice.removeLast().free();
        }
        top = mark;
    }

    /** Takes off everything. */
    void clear() {
        pop(BOTTOM);
    }

    /** Gives its memory back; nothing may lie on it. */
    void free() {
        clear();
        blocks.forEach(Block::free);
        blocks.clear();
    }

    long bytes() {
        return blocks.stream().mapToLong(Block::bytes).sum();
    }
}
