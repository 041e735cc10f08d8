package io.livegraft.gpu.safetensors;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** A file whose layout is settled before its tensors are known; they are put one by one, in any order, so none need wait. */
public final class SafetensorsOutput {
    /** Puts every tensor of the layout. */
    @FunctionalInterface
    public interface Contents {
        void putInto(SafetensorsOutput output) throws IOException;
    }

    private static final long CHUNK_BYTES = 1 << 24;

    private final FileChannel channel;
    private final SafetensorsLayout layout;
    private final Set<String> missing;

    private SafetensorsOutput(FileChannel channel, SafetensorsLayout layout) {
        this.channel = channel;
        this.layout = layout;
        this.missing = new HashSet<>(layout.tensors().keySet());
    }

    /** Replaces the file atomically; when this returns it survives a power cut. */
    public static void write(Path file, SafetensorsLayout layout, Contents contents) {
        DurableFile.writeAnywhere(file, channel -> {
            SafetensorsOutput output = new SafetensorsOutput(channel, layout);
            output.writeAt(0, MemorySegment.ofArray(layout.header()));
            contents.putInto(output);
            if (!output.missing.isEmpty()) {
                throw new IllegalStateException("tensors %s were not put".formatted(output.missing));
            }
        });
    }

    /** All bytes of one tensor, as many as its type and shape take. */
    public void put(String name, MemorySegment bytes) throws IOException {
        TensorInfo info = layout.tensors().get(name);
        if (info == null || !missing.remove(name) || bytes.byteSize() != info.bytes()) {
            throw new IllegalArgumentException(
                    "tensor '%s' with %d bytes is not awaited, which is %s".formatted(name, bytes.byteSize(), info));
        }
        writeAt(layout.header().length + info.begin(), bytes);
    }

    private void writeAt(long position, MemorySegment bytes) throws IOException {
        for (long from = 0; from < bytes.byteSize(); from += CHUNK_BYTES) {
            ByteBuffer chunk = bytes.asSlice(from, Math.min(CHUNK_BYTES, bytes.byteSize() - from))
                    .asByteBuffer();
            for (long at = position + from; chunk.hasRemaining(); ) {
                at += channel.write(chunk, at);
            }
        }
    }
}
