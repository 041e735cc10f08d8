package io.livegraft.actors.disk;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.BooleanSupplier;

/** A file that is only appended to: what a reader sees, and which of its bytes are on the platter. */
final class CachedFile implements CachedNode {
    /** Written in one piece or not at all; small, so that short files are torn too. */
    static final int SECTOR_BYTES = 16;

    private byte[] bytes = new byte[0];
    private final BitSet durable = new BitSet();
    /** Dropped by a failed force: no later force brings them back. */
    private final BitSet lost = new BitSet();

    byte[] bytes() {
        return bytes.clone();
    }

    int size() {
        return bytes.length;
    }

    void append(byte[] more, int length) {
        int before = bytes.length;
        bytes = Arrays.copyOf(bytes, before + length);
        System.arraycopy(more, 0, bytes, before, length);
    }

    void force() {
        durable.set(0, bytes.length);
        durable.andNot(lost);
    }

    void forceFails() {
        lost.set(0, bytes.length);
        lost.andNot(durable);
    }

    void flip(int bit) {
        bytes[bit / 8] ^= (byte) (1 << (bit % 8));
    }

    /** Each sector that was not forced is kept or not, zeros where later ones were; the file ends after one that is kept. */
    @Override
    public CachedFile afterPowerLoss(BooleanSupplier keep) {
        byte[] found = new byte[bytes.length];
        int size = 0;
        for (int start = 0; start < bytes.length; start += SECTOR_BYTES) {
            int end = Math.min(start + SECTOR_BYTES, bytes.length);
            boolean whole = durable.nextClearBit(start) >= end || keep.getAsBoolean();
            for (int at = start; at < end; at++) {
                if (whole || durable.get(at)) {
                    found[at] = bytes[at];
                    size = at + 1;
                }
            }
        }
        CachedFile after = new CachedFile();
        after.append(found, size);
        after.force();
        return after;
    }
}
