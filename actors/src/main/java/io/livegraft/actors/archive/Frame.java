package io.livegraft.actors.archive;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What a segment is made of: length of the rest (4 bytes), CRC-32C of the rest (4), kind (1), contents; integers are
 * big-endian.
 */
sealed interface Frame {
    /** Length and CRC. */
    int CHECK_BYTES = 4 + 4;

    /** Of a record, besides its key and value. */
    int OVERHEAD_BYTES = CHECK_BYTES + 1 + 8 + 8 + 4 + 4;

    /** Of a whole {@link Mark}. */
    int MARK_BYTES = CHECK_BYTES + 1 + 8 + 8;

    /**
     * Begins a segment.
     *
     * @param previous first offset of the segment before it; {@link #NONE} for the first one, and where records are missing before it
     * @param previousThrough what of that one counts: through this offset
     */
    record Header(long previous, long previousThrough) implements Frame {
        static final long NONE = -1;
    }

    /** One record. */
    record Entry(ArchivedRecord record) implements Frame {}

    /**
     * Everything before it was forced before it was written.
     *
     * @param position its own, in the segment: bytes inside a record are never taken for one
     * @param through the last offset before it, even where its record was removed
     */
    record Mark(long position, long through) implements Frame {}

    /** A frame that was read, and where the next one begins. */
    record Parsed(Frame frame, int next) {}

    default byte[] encode() {
        ByteBuffer rest =
                switch (this) {
                    case Header header ->
                        ByteBuffer.allocate(17)
                                .put((byte) 1)
                                .putLong(header.previous())
                                .putLong(header.previousThrough());
                    case Entry(ArchivedRecord record) -> {
                        ByteBuffer entry = ByteBuffer.allocate(record.size() - CHECK_BYTES)
                                .put((byte) 2)
                                .putLong(record.offset())
                                .putLong(record.logMillis());
                        put(entry, record.key());
                        put(entry, record.value());
                        yield entry;
                    }
                    case Mark mark ->
                        ByteBuffer.allocate(MARK_BYTES - CHECK_BYTES)
                                .put((byte) 3)
                                .putLong(mark.position())
                                .putLong(mark.through());
                };
        return ByteBuffer.allocate(CHECK_BYTES + rest.capacity())
                .putInt(rest.capacity())
                .putInt(crc(rest.array(), 0, rest.capacity()))
                .put(rest.array())
                .array();
    }

    /** Empty where no whole frame begins at {@code at}. */
    static Optional<Parsed> parse(byte[] segment, int at) {
        if (segment.length - at < CHECK_BYTES) {
            return Optional.empty();
        }
        ByteBuffer buffer = ByteBuffer.wrap(segment).position(at);
        int length = buffer.getInt();
        int crc = buffer.getInt();
        if (length < 1 || length > buffer.remaining() || crc(segment, at + CHECK_BYTES, length) != crc) {
            return Optional.empty();
        }
        return contents(buffer.slice(at + CHECK_BYTES, length))
                .map(frame -> new Parsed(frame, at + CHECK_BYTES + length));
    }

    private static Optional<Frame> contents(ByteBuffer rest) {
        return switch (rest.get()) {
            case 1 -> Optional.of(new Header(rest.getLong(), rest.getLong()));
            case 2 ->
                Optional.of(new Entry(new ArchivedRecord(rest.getLong(), rest.getLong(), take(rest), take(rest))));
            case 3 -> Optional.of(new Mark(rest.getLong(), rest.getLong()));
            default -> Optional.empty();
        };
    }

    private static void put(ByteBuffer into, Optional<byte[]> bytes) {
        into.putInt(bytes.map(present -> present.length).orElse(-1));
        bytes.ifPresent(into::put);
    }

    private static Optional<byte[]> take(ByteBuffer from) {
        int length = from.getInt();
        if (length < 0) {
            return Optional.empty();
        }
        byte[] bytes = new byte[length];
        from.get(bytes);
        return Optional.of(bytes);
    }

    private static int crc(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}
