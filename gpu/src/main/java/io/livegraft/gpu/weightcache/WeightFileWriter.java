package io.livegraft.gpu.weightcache;

import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.safetensors.DurableFile;
import io.livegraft.gpu.weightcache.WeightFileHeader.Entry;
import io.livegraft.gpu.weightcache.WeightFileHeader.Piece;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** Writes a {@link WeightFile}: it is there as a whole or not at all. */
final class WeightFileWriter {
    private final FileChannel channel;

    private WeightFileWriter(FileChannel channel) {
        this.channel = channel;
    }

    /** The images are those that the header was made of. */
    static void write(Path file, WeightFileHeader header, Map<String, WeightImage> images) {
        DurableFile.writeAnywhere(file, channel -> new WeightFileWriter(channel).write(header, images));
    }

    private void write(WeightFileHeader header, Map<String, WeightImage> images) throws IOException {
        byte[] json = header.encode();
        long start = WeightFile.start(json.length);
        write(prefix(json), 0);
        write(ByteBuffer.wrap(json), WeightFile.PREFIX_BYTES);
        write(ByteBuffer.allocate(1), start + header.dataBytes() - 1);
        for (Entry entry : header.weights()) {
            MemorySegment bytes = Objects.requireNonNull(images.get(entry.name()), entry.name())
                    .bytes();
            for (Piece piece : entry.pieces()) {
                MemorySegment part = bytes.asSlice(piece.offset() - entry.offset(), piece.length());
                write(part.asByteBuffer(), start + piece.offset());
            }
        }
    }

    private static ByteBuffer prefix(byte[] json) {
        return ByteBuffer.allocate(WeightFile.PREFIX_BYTES)
                .putLong(WeightFile.MAGIC)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(WeightFile.VERSION)
                .putInt(json.length)
                .putInt(PieceCheck.of(ByteBuffer.wrap(json)))
                .flip();
    }

    private void write(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }
}
