package io.livegraft.gpu.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Float arrays that tensors are laid into one behind the other, and taken off from the last. It grows to what the largest pass
 * needs, in arrays that double up to 64 MB; an array that no pass of the last {@link #REMEMBERED} has reached is given up.
 *
 * <p>With assertions on, memory that holds no values is NaN, so that whoever reads it is found out.
 */
final class TensorStack {
    /** Where the stack ends: an array, and its first free element. */
    record Top(int array, int next) {}

    /** Passes after which the largest one is forgotten. */
    static final int REMEMBERED = 256;

    private static final int SMALLEST = 1 << 16;
    private static final int LARGEST = 1 << 24;
    /** Tensors start at multiples of a cache line. */
    private static final int LINE = 16;

    private final List<float[]> arrays = new ArrayList<>();
    private Top top = new Top(0, 0);
    private int reached;
    private int passes;

    /** A tensor on top, with any values. */
    CpuTensor push(int rows, int columns) {
        int size = Math.multiplyExact(rows, columns);
        while (top.array() < arrays.size() && size > arrays.get(top.array()).length - top.next()) {
            top = new Top(top.array() + 1, 0);
        }
        if (top.array() == arrays.size()) {
            arrays.add(new float[Math.max(size, Math.clamp(bytes() / Float.BYTES, SMALLEST, LARGEST))]);
        }
        float[] array = arrays.get(top.array());
        CpuTensor tensor = new CpuTensor(array, top.next(), rows, columns);
        assert poisoned(array, top.next(), top.next() + size);
        top = new Top(top.array(), Math.min(array.length, Math.ceilDiv(top.next() + size, LINE) * LINE));
        reached = Math.max(reached, top.array());
        return tensor;
    }

    Top top() {
        return top;
    }

    /** Takes off what was pushed since {@link #top} was {@code mark}. */
    void pop(Top mark) {
        assert poisoned(mark);
        top = mark;
    }

    /** Takes off everything. */
    void clear() {
        pop(new Top(0, 0));
        if (++passes == REMEMBERED) {
            arrays.subList(Math.min(reached + 1, arrays.size()), arrays.size()).clear();
            passes = 0;
            reached = 0;
        }
    }

    long bytes() {
        return arrays.stream()
                .mapToLong(array -> (long) Float.BYTES * array.length)
                .sum();
    }

    private boolean poisoned(Top mark) {
        for (int i = mark.array(); i < Math.min(top.array() + 1, arrays.size()); i++) {
            int from = i == mark.array() ? mark.next() : 0;
            poisoned(arrays.get(i), from, i == top.array() ? top.next() : arrays.get(i).length);
        }
        return true;
    }

    /** Fills with NaN. */
    static boolean poisoned(float[] values, int from, int to) {
        Arrays.fill(values, from, to, Float.NaN);
        return true;
    }
}
