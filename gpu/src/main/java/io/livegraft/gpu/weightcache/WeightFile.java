package io.livegraft.gpu.weightcache;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.weightcache.WeightFileHeader.Entry;
import io.livegraft.gpu.weightcache.WeightFileHeader.Piece;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A file of weights, every byte of which was checked when it was opened.
 *
 * <pre>{@code
 *   0   "LGWEIGHT", version, length of the header, CRC-32C of the header      8 bytes and three int32, little-endian
 *   20  the header: JSON of WeightFileHeader
 *       data, from the next multiple of 4096 on
 * }</pre>
 *
 * @param images by their tensor's name; their memory goes when none of them is reachable
 */
record WeightFile(WeightFileHeader header, Map<String, WeightImage> images) {
    /** Of this format; that of the weights' own layout is part of the key. */
    static final int VERSION = 1;

    /** The first eight bytes, read as a number. */
    static final long MAGIC = ByteBuffer.wrap("LGWEIGHT".getBytes(US_ASCII)).getLong();

    static final int PREFIX_BYTES = 20;
    private static final int MOST_HEADER_BYTES = 64 << 20;
    private static final long PAGE = 4096;

    /**
     * Reads a file into huge pages, or maps it, and checks all of it.
     *
     * @throws IOException saying what is wrong with it
     */
    static WeightFile open(Path file, boolean hugePages) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer prefix = read(channel, ByteBuffer.allocate(PREFIX_BYTES), 0);
            if (prefix.getLong() != MAGIC
                    || prefix.order(ByteOrder.LITTLE_ENDIAN).getInt() != VERSION) {
                throw new IOException("it is no weight file of version " + VERSION);
            }
            int length = prefix.getInt();
            WeightFileHeader header = header(channel, length, prefix.getInt());
            long end = start(length) + header.dataBytes();
            if (channel.size() != end) {
                throw new IOException("it has %d bytes, expected %d".formatted(channel.size(), end));
            }
            MemorySegment data =
                    hugePages ? copied(channel, start(length), header) : mapped(channel, start(length), header);
            return new WeightFile(
                    header,
                    header.weights().stream().collect(Collectors.toMap(Entry::name, entry -> entry.image(data))));
        }
    }

    /** Where data starts behind a header of this length. */
    static long start(int headerBytes) {
        return Math.ceilDiv((long) PREFIX_BYTES + headerBytes, PAGE) * PAGE;
    }

    private static WeightFileHeader header(FileChannel channel, int length, int check) throws IOException {
        if (length < 0 || length > Math.min(MOST_HEADER_BYTES, channel.size())) {
            throw new IOException("its header has %d bytes".formatted(length));
        }
        ByteBuffer json = read(channel, ByteBuffer.allocate(length), PREFIX_BYTES);
        if (PieceCheck.of(json.duplicate()) != check) {
            throw new IOException("its header is damaged");
        }
        return WeightFileHeader.decode(json.array());
    }

    /** Each piece is checked while the processor still has it. */
    private static MemorySegment copied(FileChannel channel, long start, WeightFileHeader header) throws IOException {
        MemorySegment data = new HugeMemory().allocate(header.dataBytes());
        check(header, piece -> {
            try {
                return read(channel, piece.of(data), start + piece.offset());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return data;
    }

    private static MemorySegment mapped(FileChannel channel, long start, WeightFileHeader header) throws IOException {
        MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, start, header.dataBytes(), Arena.ofAuto());
        check(header, piece -> piece.of(data));
        return data;
    }

    /** On all of the machine's cores. */
    private static void check(WeightFileHeader header, Function<Piece, ByteBuffer> bytes) throws IOException {
        try {
            Optional<Piece> damaged = header.pieces().parallelStream()
                    .filter(piece -> PieceCheck.of(bytes.apply(piece)) != piece.check())
                    .findAny();
            if (damaged.isPresent()) {
                throw new IOException(
                        "weight '%s' is damaged".formatted(damaged.get().name()));
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Fills a buffer, ready to be read. */
    private static ByteBuffer read(FileChannel channel, ByteBuffer into, long position) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int count = channel.read(into, at);
            if (count < 0) {
                throw new EOFException("it ends at byte %d, before its data".formatted(at));
            }
            at += count;
        }
        return into.flip();
    }
}
