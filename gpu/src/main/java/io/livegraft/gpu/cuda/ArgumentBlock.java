package io.livegraft.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;

/**
 * Memory for the arguments of one launch at a time, eight bytes each, and a table of their addresses that never changes. (An array for
 * each launch costs several microseconds, this a quarter of one.)
 */
final class ArgumentBlock {
    /** Arguments of a kernel at most. */
    static final int MOST = 40;

    private final ByteBuffer values = ByteBuffer.allocateDirect(8 * MOST).order(ByteOrder.nativeOrder());
    private final ByteBuffer table = ByteBuffer.allocateDirect(8 * MOST).order(ByteOrder.nativeOrder());
    private final Pointer pointer = Pointer.to(table);
    private int count;

    ArgumentBlock() {
        long address = MemorySegment.ofBuffer(values).address();
        for (int i = 0; i < MOST; i++) {
            table.putLong(8 * i, address + 8L * i);
        }
    }

    /** The table, as the driver takes it; it copies the values before a launch returns. */
    Pointer pointer() {
        return pointer;
    }

    void clear() {
        count = 0;
    }

    void putLong(long value) {
        values.putLong(8 * count++, value);
    }

    void putInt(int value) {
        values.putLong(8 * count++, value);
    }

    void putFloat(float value) {
        values.putLong(8 * count++, Float.floatToRawIntBits(value));
    }

    void putDouble(double value) {
        values.putDouble(8 * count++, value);
    }

    /** The arguments as they are now. */
    long[] written() {
        long[] copy = new long[count];
        for (int i = 0; i < count; i++) {
            copy[i] = values.getLong(8 * i);
        }
        return copy;
    }

    /** Puts back what {@link #written} gave. */
    void restore(long[] copy) {
        for (int i = 0; i < copy.length; i++) {
            values.putLong(8 * i, copy[i]);
        }
        count = copy.length;
    }
}
