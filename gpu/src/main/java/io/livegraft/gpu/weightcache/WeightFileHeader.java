package io.livegraft.gpu.weightcache;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.backend.WeightImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/**
 * What a file holds, as JSON.
 *
 * @param key of the base's files, precision and layout: {@link WeightCache} says how it is made
 * @param baseDigest SHA-256 that {@code ModelDirectory.digest} had when the file was written
 * @param dataBytes behind the header, padding included
 */
record WeightFileHeader(String key, String baseDigest, List<Entry> weights, long dataBytes) {
    /** Bytes that are read and checked in one go. */
    static final int PIECE = 1 << 20;

    private static final long ALIGNMENT = 64;
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * One weight.
     *
     * @param levels bits of float32
     * @param offset from the first byte of data on, a multiple of 64
     * @param checks CRC-32C of every {@link #PIECE} bytes
     */
    record Entry(
            String name,
            String form,
            int outputFeatures,
            int inputFeatures,
            int[] levels,
            long offset,
            long length,
            int[] checks) {
        private static Entry of(JsonNode entry) {
            return new Entry(
                    entry.path("name").asText(),
                    entry.path("form").asText(),
                    entry.path("outputFeatures").asInt(),
                    entry.path("inputFeatures").asInt(),
                    numbers(entry.path("levels")),
                    entry.path("offset").asLong(),
                    entry.path("length").asLong(),
                    numbers(entry.path("checks")));
        }

        private static int[] numbers(JsonNode array) {
            return array.valueStream().mapToInt(JsonNode::asInt).toArray();
        }

        /** As far as the checks reach. */
        List<Piece> pieces() {
            return IntStream.range(0, checks.length)
                    .mapToObj(i -> new Piece(
                            name, offset + (long) i * PIECE, Math.min(PIECE, length - (long) i * PIECE), checks[i]))
                    .toList();
        }

        WeightImage image(MemorySegment data) {
            float[] values = new float[levels.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = Float.intBitsToFloat(levels[i]);
            }
            return new WeightImage(form, outputFeatures, inputFeatures, values, data.asSlice(offset, length));
        }

        private boolean within(long bytes) {
            return offset >= 0
                    && offset % ALIGNMENT == 0
                    && length > 0
                    && offset <= bytes - length
                    && checks.length == Math.ceilDiv(length, PIECE);
        }
    }

    /** Of a weight's bytes; the offset is from the first byte of data on. */
    record Piece(String name, long offset, long length, int check) {
        ByteBuffer of(MemorySegment data) {
            return data.asSlice(offset, length).asByteBuffer();
        }
    }

    /** Weights one behind the other, in the map's order. */
    static WeightFileHeader of(String key, String baseDigest, SequencedMap<String, WeightImage> images) {
        List<Entry> entries = new ArrayList<>();
        long offset = 0;
        for (Map.Entry<String, WeightImage> image : images.entrySet()) {
            entries.add(entry(image.getKey(), image.getValue(), offset));
            offset += Math.ceilDiv(image.getValue().bytes().byteSize(), ALIGNMENT) * ALIGNMENT;
        }
        return new WeightFileHeader(key, baseDigest, entries, offset);
    }

    private static Entry entry(String name, WeightImage image, long offset) {
        int[] levels = new int[image.levels().length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = Float.floatToRawIntBits(image.levels()[i]);
        }
        long length = image.bytes().byteSize();
        int[] checks = IntStream.range(0, Math.toIntExact(Math.ceilDiv(length, PIECE)))
                .parallel()
                .map(i -> PieceCheck.of(image.bytes()
                        .asSlice((long) i * PIECE, Math.min(PIECE, length - (long) i * PIECE))
                        .asByteBuffer()))
                .toArray();
        return new Entry(
                name, image.form(), image.outputFeatures(), image.inputFeatures(), levels, offset, length, checks);
    }

    List<Piece> pieces() {
        return weights.stream().flatMap(entry -> entry.pieces().stream()).toList();
    }

    byte[] encode() throws JsonProcessingException {
        return JSON.writeValueAsBytes(this);
    }

    /** Refuses what is no JSON, and weights that are not within the data; what is missing is empty, which no base is. */
    static WeightFileHeader decode(byte[] json) throws IOException {
        JsonNode root =
                JSON.readTree(json); // finding a record's fields by reflection would take longer than reading the file
        WeightFileHeader header = new WeightFileHeader(
                root.path("key").asText(),
                root.path("baseDigest").asText(),
                root.path("weights").valueStream().map(Entry::of).toList(),
                root.path("dataBytes").asLong());
        for (Entry entry : header.weights) {
            if (!entry.within(header.dataBytes)) {
                throw new IOException("weight '%s' is not within its %d bytes".formatted(entry.name, header.dataBytes));
            }
        }
        return header;
    }
}
