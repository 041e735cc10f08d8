package io.livegraft.actors.evaluation;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.evaluation} of the configuration.
 *
 * @param leastExamples fewer held-out examples than this say too little to refuse a version
 * @param mostExamples latest held-out examples that are evaluated
 * @param tolerance a candidate's loss may exceed its parent's by this share
 */
public record EvaluationSettings(int leastExamples, int mostExamples, double tolerance, GeneralSettings general) {
    public EvaluationSettings {
        if (leastExamples < 1 || mostExamples < leastExamples || !(tolerance >= 0)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.evaluation: least-examples %d must be at least 1, most-examples %d not below it, tolerance %s not negative"
                            .formatted(leastExamples, mostExamples, tolerance));
        }
    }

    public static EvaluationSettings from(Config evaluation) {
        return new EvaluationSettings(
                evaluation.getInt("least-examples"),
                evaluation.getInt("most-examples"),
                evaluation.getDouble("tolerance"),
                GeneralSettings.from(evaluation.getConfig("general")));
    }
}
