package io.livegraft.gpu.safetensors;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A safetensors file, memory-mapped; opening it checks the whole header, reading copies one tensor to the heap as float32.
 * May be read from several threads; after {@link #close()} nothing can be read. Everything malformed is refused with
 * {@link ErrorCode#INVALID_MODEL}.
 */
public final class SafetensorsFile implements AutoCloseable {
    /** As in the reference implementation; a header is read into memory as a whole. */
    static final long MAX_HEADER_BYTES = 100_000_000;

    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int RUN = 8192;

    private final String origin;
    private final SafetensorsHeader header;
    private final MemorySegment data;
    private final Runnable unmap;

    private SafetensorsFile(String origin, MemorySegment bytes, Runnable unmap) {
        long size = bytes.byteSize();
        if (size < Long.BYTES) {
            throw refusal(origin, "has %d bytes, too few for a header length (8)".formatted(size));
        }
        long headerBytes = bytes.get(LENGTH, 0);
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
            throw refusal(
                    origin,
                    "has a header of %s bytes, more than the %d allowed"
                            .formatted(Long.toUnsignedString(headerBytes), MAX_HEADER_BYTES));
        }
        if (headerBytes > size - Long.BYTES) {
            throw refusal(
                    origin,
                    "is cut off: its header takes %d bytes but only %d follow"
                            .formatted(headerBytes, size - Long.BYTES));
        }
        this.origin = origin;
        this.unmap = unmap;
        this.data = bytes.asSlice(Long.BYTES + headerBytes);
        this.header = SafetensorsHeader.parse(
                origin, bytes.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE), data.byteSize());
    }

    public static SafetensorsFile open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw refusal(file.toString(), "is not a file");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new SafetensorsFile(file.toString(), bytes, arena::close);
        } catch (IOException e) {
            arena.close();
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "safetensors %s can't be read: %s".formatted(file, e.getMessage()), e);
        } catch (LivegraftException e) {
            arena.close();
            throw e;
        }
    }

    /** A file that is in memory already; the bytes are read in place, and closing it does nothing. */
    public static SafetensorsFile decode(byte[] bytes) {
        return new SafetensorsFile(
                "(in memory)", MemorySegment.ofArray(bytes), () -> {}); // closing an arena stops all threads
    }

    /** In the order of their bytes in the file. */
    public SequencedMap<String, TensorInfo> tensors() {
        return Collections.unmodifiableSequencedMap(header.tensors());
    }

    /** What the header says under {@code __metadata__}; empty when it says nothing. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /** The bytes of a tensor in place, whatever their type; read-only, until {@link #close()}. */
    public MemorySegment bytes(String name) {
        TensorInfo info = info(name);
        return data.asSlice(info.begin(), info.bytes()).asReadOnly();
    }

    /** A copy as float32: exact for F32, F16 and BF16; every other type is refused. */
    public HostTensor read(String name) {
        TensorInfo info = info(name);
        if (info.elements() > Integer.MAX_VALUE - 8) {
            throw refusal(origin, "tensor '%s' of shape %s is too large for one array".formatted(name, info.shape()));
        }
        MemorySegment bytes = data.asSlice(info.begin(), info.bytes());
        float[] values = new float[(int) info.elements()];
        switch (info.dtype()) {
            case F32 -> MemorySegment.copy(bytes, F32, 0, values, 0, values.length);
            case F16 ->
                eachRun(bytes, (from, halves, count) -> {
                    for (int i = 0; i < count; i++) {
                        values[from + i] = Float.float16ToFloat(halves[i]);
                    }
                });
            case BF16 ->
                eachRun(bytes, (from, halves, count) -> {
                    for (int i = 0; i < count; i++) {
                        values[from + i] = Bf16.toFloat(halves[i]);
                    }
                });
            default ->
                throw refusal(origin, "tensor '%s' is %s, expected F32, F16 or BF16".formatted(name, info.dtype()));
        }
        List<Integer> shape = info.shape().stream().map(Math::toIntExact).toList();
        return new HostTensor(shape, values);
    }

    private interface Run {
        void take(int from, short[] halves, int count);
    }

    /** By way of the heap, where loops are fast. */
    private static void eachRun(MemorySegment bytes, Run run) {
        short[] halves = new short[RUN];
        int all = (int) (bytes.byteSize() / Short.BYTES);
        for (int from = 0; from < all; from += RUN) {
            int count = Math.min(RUN, all - from);
            MemorySegment.copy(bytes, HALF, (long) from * Short.BYTES, halves, 0, count);
            run.take(from, halves, count);
        }
    }

    private TensorInfo info(String name) {
        TensorInfo info = header.tensors().get(name);
        if (info == null) {
            throw refusal(origin, "has no tensor '%s'".formatted(name));
        }
        return info;
    }

    @Override
    public void close() {
        unmap.run();
    }

    private static LivegraftException refusal(String origin, String what) {
        return new LivegraftException(ErrorCode.INVALID_MODEL, "safetensors " + origin + " " + what);
    }
}
