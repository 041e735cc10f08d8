package io.livegraft.actors.archive;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A segment that was read: a header, records, and marks between them.
 *
 * @param header empty where it is not whole
 * @param records before the first frame that is not whole
 * @param through of the last mark before that frame, else of the header; -1 where there is neither
 * @param markedBehind of the last mark behind that frame, which says that it was whole once
 */
record Segment(Optional<Frame.Header> header, List<ArchivedRecord> records, long through, OptionalLong markedBehind) {
    static Segment parse(byte[] bytes) {
        Optional<Frame.Header> header = Optional.empty();
        List<ArchivedRecord> records = new ArrayList<>();
        long through = -1;
        int at = 0;
        for (Optional<Frame.Parsed> parsed = Frame.parse(bytes, at);
                parsed.isPresent();
                parsed = Frame.parse(bytes, at)) {
            switch (parsed.get().frame()) {
                case Frame.Header found -> {
                    header = Optional.of(found);
                    through = found.previousThrough();
                }
                case Frame.Entry entry -> records.add(entry.record());
                case Frame.Mark mark -> {
                    through = mark.through();
                }
            }
            at = parsed.get().next();
        }
        return new Segment(header, records, through, markedBehind(bytes, at));
    }

    private static OptionalLong markedBehind(byte[] bytes, int from) {
        OptionalLong through = OptionalLong.empty();
        for (int at = from; at + Frame.MARK_BYTES <= bytes.length; at++) {
            if (ByteBuffer.wrap(bytes).getInt(at) != Frame.MARK_BYTES - Frame.CHECK_BYTES) {
                continue; // long tails: only what may be one is parsed
            }
            Optional<Frame.Parsed> parsed = Frame.parse(bytes, at);
            if (parsed.isPresent() && parsed.get().frame() instanceof Frame.Mark mark && mark.position() == at) {
                through = OptionalLong.of(mark.through());
            }
        }
        return through;
    }

    /** Whether something that was durable is not whole any more. */
    boolean damaged() {
        return header.isEmpty() || markedBehind.isPresent();
    }

    /** What was acknowledged of it, whole or not. */
    long acknowledged() {
        return markedBehind.orElse(through);
    }

    /** The last offset in it, marked or not. */
    long last() {
        return records.isEmpty() ? through : Math.max(through, records.getLast().offset());
    }

    /** With all these records; what it goes through is said before and after them, so that it outlives damage to one mark. */
    static byte[] encode(Frame.Header header, List<ArchivedRecord> records, long through) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(header.encode());
        bytes.writeBytes(new Frame.Mark(bytes.size(), through).encode());
        records.forEach(record -> bytes.writeBytes(new Frame.Entry(record).encode()));
        bytes.writeBytes(new Frame.Mark(bytes.size(), through).encode());
        return bytes.toByteArray();
    }
}
