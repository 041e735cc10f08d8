package io.livegraft.actors.checkpoint;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code <tenant>/<20-digit offset>-<sha256>.ckpt}. */
record CheckpointName(String tenant, long offset, String digest) {
    static final Comparator<CheckpointName> NEWEST_FIRST = Comparator.comparingLong(CheckpointName::offset)
            .thenComparing(CheckpointName::digest)
            .reversed();

    private static final Pattern FILE = Pattern.compile("(\\d{20})-([0-9a-f]{64})\\.ckpt");

    static CheckpointName of(Checkpoint checkpoint, byte[] bytes) {
        return new CheckpointName(checkpoint.getTenant(), checkpoint.getOffset(), Digests.sha256(bytes));
    }

    /** In place: what the checkpoint holds of bytes are parts of these, which nobody may change any more. */
    static Checkpoint parse(byte[] bytes) throws InvalidProtocolBufferException {
        CodedInputStream input = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
        input.enableAliasing(true);
        try {
            Checkpoint checkpoint = Checkpoint.parseFrom(input);
            input.checkLastTagWas(0);
            return checkpoint;
        } catch (InvalidProtocolBufferException e) {
            throw e;
        } catch (IOException e) {
            throw new InvalidProtocolBufferException(e);
        }
    }

    /** Empty for the name of another file. */
    static Optional<CheckpointName> parse(String tenant, String file) {
        Matcher matcher = FILE.matcher(file);
        return matcher.matches()
                ? Optional.of(new CheckpointName(tenant, Long.parseLong(matcher.group(1)), matcher.group(2)))
                : Optional.empty();
    }

    String key() {
        return "%s/%020d-%s.ckpt".formatted(tenant, offset, digest);
    }

    /** Whether the checkpoint is the one that the name says, given that its bytes have the digest. */
    boolean names(Checkpoint checkpoint) {
        return checkpoint.getTenant().equals(tenant) && checkpoint.getOffset() == offset;
    }
}
