package io.livegraft.actors.archive;

import io.livegraft.actors.disk.Disk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The segment that is being written. */
final class OpenSegment {
    private static final Logger LOG = LoggerFactory.getLogger(OpenSegment.class);

    private final Disk.Output output;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private long size;
    private long last;

    private OpenSegment(Disk.Output output, long size, long last) {
        this.output = output;
        this.size = size;
        this.last = last;
    }

    /**
     * Durable, with its header, when it returns. One of the same name has nothing that counts and is replaced.
     *
     * @param apart whether records are missing before it
     */
    static OpenSegment begin(ArchivePartition partition, long first, long through, boolean apart) throws IOException {
        List<Long> before =
                partition.segments().stream().filter(each -> each < first).toList();
        long previous = apart || before.isEmpty() ? Frame.Header.NONE : before.getLast();
        byte[] header = new Frame.Header(previous, through).encode();
        return new OpenSegment(partition.directory().begin(partition.name(first), header), header.length, through);
    }

    /** In bytes, with what waits. */
    long size() {
        return size + waiting.size();
    }

    /** The last offset added. */
    long last() {
        return last;
    }

    void add(ArchivedRecord record) {
        waiting.writeBytes(new Frame.Entry(record).encode());
        last = record.offset();
    }

    /**
     * Everything added is durable when this returns, and then a mark that says so.
     *
     * @return the last offset
     */
    long commit() throws IOException {
        write(waiting.toByteArray());
        waiting.reset();
        write(new Frame.Mark(size, last).encode());
        return last;
    }

    void close() {
        try {
            output.close();
        } catch (IOException e) {
            LOG.warn("a segment of the archive can't be closed", e); // what counts of it is durable
        }
    }

    private void write(byte[] bytes) throws IOException {
        output.write(bytes);
        output.force();
        size += bytes.length;
    }
}
