package io.livegraft.gpu.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * JSON lines of training data, in TRL's dataset formats; each line is what the loss takes, other fields are not read.
 *
 * <pre>{@code
 *   sft              {"prompt": T, "completion": T}     or {"messages": M}, whose last message is the completion
 *   dpo              {"prompt": T, "chosen": T, "rejected": T}
 *   kto, bco, apo    {"prompt": T, "completion": T, "label": true | false}
 *   T is a string, or a list M of messages {"role": …, "content": …}; a completion's list holds one of the assistant
 * }</pre>
 *
 * What can't be used is refused with INVALID_CONFIGURATION, the line's number and why.
 */
final class TrainingFile {
    private final Path file;
    private final ObjectMapper json = new ObjectMapper();
    private final TrainingLine lines;
    private final int maxTokens;

    /** @param maxTokens of one sequence: what the base attends to */
    TrainingFile(Path file, Tokenizer tokenizer, int maxTokens) {
        this.file = file;
        this.lines = new TrainingLine(tokenizer);
        this.maxTokens = maxTokens;
    }

    /** All inputs, at least one, in the file's order. */
    List<TrainingInput> read(Loss loss) {
        List<TrainingInput> inputs = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            int number = 1;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isBlank()) {
                    inputs.add(parse(line, number, loss));
                }
                number++;
            }
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "can't read the data file %s: %s".formatted(file, e), e);
        }
        if (inputs.isEmpty()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "the data file %s has no examples".formatted(file));
        }
        return inputs;
    }

    private TrainingInput parse(String line, int number, Loss loss) {
        try {
            JsonNode node = json.readTree(line);
            TrainingInput input = lines.parse(node, loss);
            for (TrainingExample sequence : input.sequences()) {
                if (sequence.tokens().length > maxTokens) {
                    throw new IllegalArgumentException(
                            "has %d tokens, but the base attends to %d".formatted(sequence.tokens().length, maxTokens));
                }
            }
            return input;
        } catch (JsonProcessingException e) {
            throw invalid(number, "is not JSON: " + e.getOriginalMessage(), e);
        } catch (LivegraftException | IllegalArgumentException e) {
            throw invalid(number, String.valueOf(e.getMessage()), e);
        }
    }

    private LivegraftException invalid(int number, String why, Exception cause) {
        return new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION, "line %d of %s: %s".formatted(number, file, why), cause);
    }
}
