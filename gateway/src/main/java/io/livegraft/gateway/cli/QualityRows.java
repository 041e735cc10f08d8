package io.livegraft.gateway.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quality.Sample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Reads the rows of {@code bench quality}: JSON lines with prompt and completion, or CSV with text and category. */
final class QualityRows {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final CSVFormat CSV =
            CSVFormat.RFC4180.builder().setHeader().setSkipHeaderRecord(true).get();

    private QualityRows() {}

    /**
     * All rows in the file's order.
     *
     * @param categories of a CSV file only rows of so many categories are taken, those with the most rows
     */
    static List<Sample> read(Path file, int categories) {
        try {
            return file.toString().endsWith(".csv") ? csv(file, categories) : jsonLines(file);
        } catch (IOException | UncheckedIOException unreadable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST, "can't read %s: %s".formatted(file, unreadable), unreadable);
        }
    }

    private static List<Sample> jsonLines(Path file) throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.isBlank()) {
                samples.add(parse(file, samples.size() + 1, line));
            }
        }
        return samples;
    }

    private static Sample parse(Path file, int number, String line) {
        try {
            JsonNode node = JSON.readTree(line);
            if (node.path("prompt").isTextual() && node.path("completion").isTextual()) {
                return new Sample(
                        node.get("prompt").textValue(), node.get("completion").textValue());
            }
            throw refused(file, "row %d needs the strings \"prompt\" and \"completion\"".formatted(number));
        } catch (JsonProcessingException broken) {
            throw refused(file, "row %d is not JSON: %s".formatted(number, broken.getOriginalMessage()));
        }
    }

    private static List<Sample> csv(Path file, int categories) throws IOException {
        try (CSVParser parser = CSVParser.parse(file, StandardCharsets.UTF_8, CSV)) {
            if (!parser.getHeaderNames().containsAll(List.of("text", "category"))) {
                throw refused(
                        file, "the columns are %s, expected text and category".formatted(parser.getHeaderNames()));
            }
            List<CSVRecord> records = parser.getRecords();
            Set<String> taken = largest(records, categories);
            return records.stream()
                    .filter(row -> taken.contains(row.get("category")))
                    .map(row -> new Sample(
                            row.get("text").strip() + "\nIntent:",
                            " " + row.get("category").replace('_', ' ') + "\n"))
                    .toList();
        }
    }

    private static Set<String> largest(List<CSVRecord> records, int categories) {
        Map<String, Long> rows =
                records.stream().collect(Collectors.groupingBy(row -> row.get("category"), Collectors.counting()));
        return rows.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Long> one) -> -one.getValue())
                        .thenComparing(Map.Entry::getKey))
                .limit(categories)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private static LivegraftException refused(Path file, String why) {
        return new LivegraftException(ErrorCode.INVALID_REQUEST, "%s: %s".formatted(file, why));
    }
}
