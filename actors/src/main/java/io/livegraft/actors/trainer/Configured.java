package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.LossKind;
import io.livegraft.proto.feedback.Configure;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a tenant's log has configured: settings that count instead of the node's.
 *
 * @param values each as the setting of that name says; in range
 */
public record Configured(Configure values) {
    public static final Configured NOTHING = new Configured(Configure.getDefaultInstance());

    private static final double MOST_LEARNING_RATE = 0.1;
    private static final double MOST_BETA = 100;
    private static final int MOST_COUNT = 1024;
    private static final int MOST_TOKENS = 1 << 20;
    private static final int MOST_REPLAYED = 256;
    private static final int MOST_SHARE = 255;
    private static final int MOST_PRINCIPAL_EVENTS = 1_000_000;
    private static final long HOUR_MILLIS = 3_600_000;

    /** Why these values can't be configured, if so. */
    public static Optional<String> refusal(Configure values) {
        if (!values.getUnknownFields().asMap().isEmpty()) {
            return Optional.of("configure has unknown settings with the numbers %s"
                    .formatted(values.getUnknownFields().asMap().keySet()));
        }
        if (values.equals(Configure.getDefaultInstance())) {
            return Optional.of("configure has no setting, expected at least one");
        }
        double rate = values.getLearningRate();
        if (values.hasLearningRate() && !(rate > 0 && rate <= MOST_LEARNING_RATE)) {
            return Optional.of(
                    "learning_rate is %s, expected above 0 and at most %s".formatted(rate, MOST_LEARNING_RATE));
        }
        if (values.hasLoss() && LossKind.named(values.getLoss()).isEmpty()) {
            return Optional.of("loss is '%s', expected %s".formatted(values.getLoss(), LossKind.NAMES));
        }
        double beta = values.getBeta();
        if (values.hasBeta() && !(beta > 0 && beta <= MOST_BETA)) {
            return Optional.of("beta is %s, expected above 0 and at most %s".formatted(beta, MOST_BETA));
        }
        return outside("step_examples", values.hasStepExamples(), values.getStepExamples(), 1, MOST_COUNT)
                .or(() -> outside("step_tokens", values.hasStepTokens(), values.getStepTokens(), 1, MOST_TOKENS))
                .or(() -> outside(
                        "max_wait_millis", values.hasMaxWaitMillis(), values.getMaxWaitMillis(), 1, HOUR_MILLIS))
                .or(() -> outside("held_out_share", values.hasHeldOutShare(), values.getHeldOutShare(), 0, MOST_SHARE))
                .or(() -> outside(
                        "replay_examples", values.hasReplayExamples(), values.getReplayExamples(), 0, MOST_REPLAYED))
                .or(() -> outside(
                        "publish_every_steps",
                        values.hasPublishEverySteps(),
                        values.getPublishEverySteps(),
                        1,
                        MOST_COUNT))
                .or(() -> outside(
                        "publish_idle_millis",
                        values.hasPublishIdleMillis(),
                        values.getPublishIdleMillis(),
                        1,
                        HOUR_MILLIS))
                .or(() -> outside(
                        "principal_events",
                        values.hasPrincipalEvents(),
                        values.getPrincipalEvents(),
                        0,
                        MOST_PRINCIPAL_EVENTS));
    }

    private static Optional<String> outside(String name, boolean present, long value, long least, long most) {
        return present && (value < least || value > most)
                ? Optional.of("%s is %d, expected %d to %d".formatted(name, value, least, most))
                : Optional.empty();
    }

    /** These values, and where {@code later} says something, that. */
    Configured with(Configured later) {
        return new Configured(values.toBuilder().mergeFrom(later.values).build());
    }

    OptionalDouble learningRate() {
        return values.hasLearningRate() ? OptionalDouble.of(values.getLearningRate()) : OptionalDouble.empty();
    }

    private LossSettings loss(LossSettings node) {
        return new LossSettings(
                values.hasLoss() ? LossKind.named(values.getLoss()).orElseThrow() : node.kind(),
                values.hasBeta() ? values.getBeta() : node.beta(),
                node.desirableWeight(),
                node.undesirableWeight(),
                node.labelSmoothing());
    }

    /** The node's settings with these instead. */
    StepSettings over(StepSettings node) {
        return new StepSettings(
                values.hasStepExamples() ? values.getStepExamples() : node.examples(),
                values.hasStepTokens() ? values.getStepTokens() : node.tokens(),
                values.hasMaxWaitMillis() ? values.getMaxWaitMillis() : node.maxWaitMillis(),
                values.hasReplayExamples() ? values.getReplayExamples() : node.replayExamples(),
                node.reservoirExamples(),
                values.hasHeldOutShare() ? values.getHeldOutShare() : node.heldOutShare(),
                node.heldOutExamples(),
                node.eventWindow(),
                node.checkpointEverySteps(),
                values.hasPublishEverySteps() ? values.getPublishEverySteps() : node.publishEverySteps(),
                values.hasPublishIdleMillis() ? values.getPublishIdleMillis() : node.publishIdleMillis(),
                node.eventTimes(),
                values.hasPrincipalEvents() ? values.getPrincipalEvents() : node.principalEvents(),
                node.seed(),
                values.hasLoss() || values.hasBeta() ? loss(node.loss()) : node.loss());
    }
}
