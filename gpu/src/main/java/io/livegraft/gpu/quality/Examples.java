package io.livegraft.gpu.quality;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quality.Scores.Choice;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.training.TrainingExample;
import java.util.ArrayList;
import java.util.List;

/**
 * The data as tokens.
 *
 * @param choices each held-out row with every label; empty without labels
 * @param start first token of a text, BOS where there is one
 */
record Examples(List<TrainingExample> training, List<TrainingExample> heldOut, List<Choice> choices, int start) {
    static Examples of(QualityData data, Tokenizer tokenizer, int maxTokens) {
        List<Choice> choices = new ArrayList<>();
        if (!data.labels().isEmpty()) {
            for (Sample sample : data.heldOut()) {
                List<TrainingExample> answers = data.labels().stream()
                        .map(label -> example(new Sample(sample.prompt(), label), tokenizer, maxTokens))
                        .toList();
                choices.add(new Choice(answers, data.labels().indexOf(sample.completion())));
            }
        }
        int[] start = tokenizer.encode("");
        return new Examples(
                data.training().stream()
                        .map(sample -> example(sample, tokenizer, maxTokens))
                        .toList(),
                data.heldOut().stream()
                        .map(sample -> example(sample, tokenizer, maxTokens))
                        .toList(),
                choices,
                start.length > 0 ? start[0] : 0);
    }

    private static TrainingExample example(Sample sample, Tokenizer tokenizer, int maxTokens) {
        TrainingExample example = tokenizer.example(sample.prompt(), sample.completion());
        if (example.tokens().length > maxTokens) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "a row has %d tokens, but the base attends to %d: %s"
                            .formatted(example.tokens().length, maxTokens, sample.prompt()));
        }
        return example;
    }

    /** The first training rows that fill one slice; at least one. */
    List<TrainingExample> slice(int tokens) {
        List<TrainingExample> slice = new ArrayList<>();
        int filled = 0;
        for (TrainingExample example : training) {
            filled += example.tokens().length;
            if (!slice.isEmpty() && filled > tokens) {
                break;
            }
            slice.add(example);
        }
        return slice;
    }
}
