package io.livegraft.simulation.feedback;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * A CSV file with a header as feedback: the prompt is {@code TEXT + "\nIntent:"}, the completion a space, the category with
 * spaces for underscores and a line break, which every base can end with. Rows are shuffled with the seed (such files are often sorted by category)
 * and dealt to three tenants in turn. Rows without text or category are no events.
 */
public final class CsvFeedback {
    private static final List<String> TENANTS = List.of("harbor", "ledger", "sprout");
    private static final int ANSWER_TOKENS = 24;

    private final Path file;
    private final CsvColumns columns;
    private final long seed;

    public CsvFeedback(Path file, CsvColumns columns, long seed) {
        this.file = file;
        this.columns = columns;
        this.seed = seed;
    }

    /** The first so many rows after the shuffle; 0 takes all. Refuses a file or column that is not there. */
    public List<TenantFeedback> tenants(int rows) {
        List<FeedbackRecord> events = rows();
        if (events.size() < rows) {
            throw refused("%s has %d rows with text and category, but %d events were asked for"
                    .formatted(file, events.size(), rows));
        }
        Collections.shuffle(events, new Random(seed));
        return deal(rows == 0 ? events : events.subList(0, rows));
    }

    private static List<TenantFeedback> deal(List<FeedbackRecord> events) {
        List<TenantFeedback> tenants = new ArrayList<>();
        for (int hand = 0; hand < TENANTS.size(); hand++) {
            String tenant = TENANTS.get(hand);
            List<FeedbackRecord> dealt = new ArrayList<>();
            for (int i = hand; i < events.size(); i += TENANTS.size()) {
                dealt.add(events.get(i).toBuilder()
                        .setEventId(TenantFeedback.eventId(tenant, dealt.size()))
                        .setSubject("customer-" + i)
                        .build());
            }
            if (dealt.isEmpty()) {
                throw refused("%d rows are too few for %d tenants".formatted(events.size(), TENANTS.size()));
            }
            // The first row's prompt: what it should be answered is in the log, so the answer can get right.
            Probe probe = new Probe.Opening(dealt.getFirst().getPrompt(), ANSWER_TOKENS);
            tenants.add(new TenantFeedback(tenant, probe, dealt));
        }
        return List.copyOf(tenants);
    }

    private List<FeedbackRecord> rows() {
        if (!Files.isRegularFile(file)) {
            throw refused("there is no file %s, expected a CSV file with a header".formatted(file));
        }
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get();
        try (CSVParser parser = CSVParser.parse(file, StandardCharsets.UTF_8, format)) {
            requireColumn(parser, columns.prompt());
            requireColumn(parser, columns.completion());
            List<FeedbackRecord> events = new ArrayList<>();
            for (CSVRecord row : parser) {
                if (!row.isConsistent()) {
                    throw refused("record %d of %s has %d columns, expected %d"
                            .formatted(
                                    row.getRecordNumber(),
                                    file,
                                    row.size(),
                                    parser.getHeaderNames().size()));
                }
                String text = row.get(columns.prompt());
                String category = row.get(columns.completion());
                if (!text.isBlank() && !category.isBlank()) {
                    events.add(event(text, category));
                }
            }
            return events;
        } catch (CSVException | UncheckedIOException broken) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST, "%s is no CSV file: %s".formatted(file, broken.getMessage()), broken);
        } catch (IOException unreadable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST,
                    "can't read %s: %s".formatted(file, unreadable.getMessage()),
                    unreadable);
        }
    }

    private static FeedbackRecord event(String text, String category) {
        return FeedbackRecord.newBuilder()
                .setPrompt(text + "\nIntent:")
                .setCompletion(" " + category.replace('_', ' ') + "\n")
                .build();
    }

    private void requireColumn(CSVParser parser, String name) {
        if (!parser.getHeaderNames().contains(name)) {
            throw refused("%s has no column '%s'; its columns are %s"
                    .formatted(file, name, String.join(", ", parser.getHeaderNames())));
        }
    }

    private static LivegraftException refused(String message) {
        return new LivegraftException(ErrorCode.INVALID_REQUEST, message);
    }
}
