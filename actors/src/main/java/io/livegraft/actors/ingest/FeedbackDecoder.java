package io.livegraft.actors.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.livegraft.actors.registry.TenantName;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Message;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/** Reads and checks records of the feedback topic: protobuf, or proto3 JSON where the first byte is an opening brace. */
public final class FeedbackDecoder {
    private static final Set<String> ROLES = Set.of("system", "user", "assistant");
    private static final int MOST_EVENT_ID_CHARS = 200;
    static final int MOST_NAME_CHARS = 200;

    private final int mostBytes;
    private final int mostMessages;

    public FeedbackDecoder(int mostBytes, int mostMessages) {
        this.mostBytes = mostBytes;
        this.mostMessages = mostMessages;
    }

    public static FeedbackDecoder of(IngestSettings settings) {
        return new FeedbackDecoder(settings.recordBytes(), settings.messages());
    }

    /** Never throws, whatever the bytes. */
    public Decoded decode(Optional<byte[]> key, Optional<byte[]> value) {
        if (value.isEmpty() || value.get().length == 0) {
            return new Decoded.Invalid("the record has no value, expected a FeedbackRecord");
        }
        if (value.get().length > mostBytes) {
            return new Decoded.Invalid(
                    "the record has %d bytes, expected at most %d".formatted(value.get().length, mostBytes));
        }
        FeedbackRecord record;
        try {
            record = parse(value.get());
        } catch (InvalidProtocolBufferException e) {
            return new Decoded.Invalid("the record can't be parsed as a FeedbackRecord: " + e.getMessage());
        } catch (CharacterCodingException e) {
            return new Decoded.Invalid("the record begins as JSON but is not UTF-8");
        } catch (RuntimeException | StackOverflowError e) {
            // The JSON parser has more ways to fail than it declares; none of them may stop the partition.
            return new Decoded.Invalid("the record can't be parsed as a FeedbackRecord: " + e);
        }
        if (record.hasTick()) {
            return new Decoded.Tick();
        }
        String tenant =
                key.map(bytes -> new String(bytes, StandardCharsets.UTF_8)).orElse("");
        return check(tenant, record)
                .<Decoded>map(Decoded.Invalid::new)
                .orElseGet(() -> ControlEntries.contain(record)
                        ? new Decoded.Control(tenant, record)
                        : new Decoded.Valid(tenant, record));
    }

    /** Why a record can't be used, if so. */
    public Optional<String> check(String tenant, FeedbackRecord record) {
        if (!TenantName.isValid(tenant)) {
            return Optional.of("the tenant (record key) is '%s', expected %s".formatted(tenant, TenantName.PATTERN));
        }
        return ControlEntries.contain(record) ? ControlEntries.refusal(record) : refusal(record);
    }

    private Optional<String> refusal(FeedbackRecord record) {
        int idChars = record.getEventId().length();
        if (idChars < 1 || idChars > MOST_EVENT_ID_CHARS) {
            return Optional.of("event_id has %d characters, expected 1 to %d".formatted(idChars, MOST_EVENT_ID_CHARS));
        }
        int nameChars =
                Math.max(record.getSubject().length(), record.getPrincipal().length());
        if (nameChars > MOST_NAME_CHARS) {
            return Optional.of("subject or principal has %d characters, expected at most %d"
                    .formatted(nameChars, MOST_NAME_CHARS));
        }
        if (record.getPrompt().isEmpty() == record.getMessagesList().isEmpty()) {
            return Optional.of("%s of prompt and messages is set, expected exactly one"
                    .formatted(record.getPrompt().isEmpty() ? "none" : "each"));
        }
        if (record.getMessagesCount() > mostMessages) {
            return Optional.of(
                    "there are %d messages, expected at most %d".formatted(record.getMessagesCount(), mostMessages));
        }
        for (Message message : record.getMessagesList()) {
            if (!ROLES.contains(message.getRole())) {
                return Optional.of("a message has role '%s', expected one of system, user, assistant"
                        .formatted(message.getRole()));
            }
        }
        if (record.getCompletion().isBlank()) {
            return Optional.of("completion is blank, expected the answer");
        }
        if (record.hasCorrection() && record.getCorrection().isBlank()) {
            return Optional.of("correction is blank, expected what the completion should have been");
        }
        if (record.hasRejected() && record.getRejected().isBlank()) {
            return Optional.of("rejected is blank, expected the worse answer of the pair");
        }
        return Optional.empty();
    }

    private static FeedbackRecord parse(byte[] value) throws InvalidProtocolBufferException, CharacterCodingException {
        if (value[0] != '{') {
            return FeedbackRecord.parseFrom(value);
        }
        FeedbackRecord.Builder record = FeedbackRecord.newBuilder();
        JsonFormat.parser()
                .merge(
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(ByteBuffer.wrap(value))
                                .toString(),
                        record);
        return record.build();
    }
}
