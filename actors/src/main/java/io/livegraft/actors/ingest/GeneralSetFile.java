package io.livegraft.actors.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.actors.evaluation.GeneralSet;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A general set as JSON lines: each a feedback event with prompt or messages and the completion, as the feedback topic takes
 * them; ids and labels are not needed. What can't be used is refused with INVALID_CONFIGURATION, the line's number and why.
 */
public final class GeneralSetFile {
    private final FeedbackExamples examples;
    private final int mostExamples;

    /** @param mostExamples more are refused */
    public GeneralSetFile(FeedbackExamples examples, int mostExamples) {
        this.examples = examples;
        this.mostExamples = mostExamples;
    }

    public GeneralSet read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "can't read the general set %s: %s".formatted(file, e), e);
        }
        List<TrainingExample> read = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                read.add(example(lines.get(i), "line %d of the general set %s".formatted(i + 1, file)));
            }
        }
        if (read.isEmpty() || read.size() > mostExamples) {
            throw invalid(
                    "the general set %s has %d examples, expected 1 to %d".formatted(file, read.size(), mostExamples));
        }
        return GeneralSet.of(read, Digests.sha256(text));
    }

    private TrainingExample example(String line, String where) {
        FeedbackRecord.Builder record = FeedbackRecord.newBuilder();
        try {
            JsonFormat.parser().merge(line, record);
        } catch (InvalidProtocolBufferException e) {
            throw invalid("%s is no feedback event: %s".formatted(where, e.getMessage()));
        }
        if (record.getPrompt().isEmpty() == record.getMessagesList().isEmpty()
                || record.getCompletion().isBlank()) {
            throw invalid("%s has no completion, or not one of prompt and messages".formatted(where));
        }
        return switch (examples.map(record.build())) {
            case FeedbackExamples.Mapped.Usable usable ->
                usable.lesson().better().orElseThrow(() -> invalid("%s is a rejected answer".formatted(where)));
            case FeedbackExamples.Mapped.Unusable unusable -> throw invalid(where + ": " + unusable.reason());
        };
    }

    private static LivegraftException invalid(String message) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, message);
    }
}
