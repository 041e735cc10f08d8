package io.livegraft.actors.archive;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What was taken out of a partition's archive for one tenant, without saying whom it was about.
 *
 * @param through offset of the last forget whose events are gone, all before it included; -1 where there was none
 * @param firsts offset of a forget to that of the first event it left out: who reads the log again can't find that any more
 */
public record Forgotten(long through, SortedMap<Long, Long> firsts) {
    static final Forgotten NOTHING = new Forgotten(-1, new TreeMap<>());

    public Forgotten {
        firsts = Collections.unmodifiableSortedMap(new TreeMap<>(firsts));
    }

    /** What was known before stays: events may be gone already. */
    Forgotten with(SortedMap<Long, Long> others) {
        SortedMap<Long, Long> all = new TreeMap<>(others);
        all.putAll(firsts);
        return new Forgotten(through, all);
    }

    Forgotten through(long offset) {
        return new Forgotten(offset, firsts);
    }

    byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate((2 + 2 * firsts.size()) * Long.BYTES);
        bytes.putLong(through);
        firsts.forEach((forget, first) -> bytes.putLong(forget).putLong(first));
        bytes.putLong(checksum(bytes.array()));
        return bytes.array();
    }

    /** {@link #NOTHING} where the bytes are not what was written: then it is looked for again. */
    static Forgotten parse(byte[] bytes) {
        int longs = bytes.length / Long.BYTES;
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        boolean whole = longs >= 2
                && longs * Long.BYTES == bytes.length
                && longs % 2 == 0
                && buffer.getLong(bytes.length - Long.BYTES) == checksum(bytes);
        if (!whole) {
            return NOTHING;
        }
        long through = buffer.getLong();
        SortedMap<Long, Long> firsts = new TreeMap<>();
        while (buffer.remaining() > Long.BYTES) {
            firsts.put(buffer.getLong(), buffer.getLong());
        }
        return new Forgotten(through, firsts);
    }

    /** Of all but the last eight bytes. */
    private static long checksum(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, bytes.length - Long.BYTES);
        return checksum.getValue();
    }
}
