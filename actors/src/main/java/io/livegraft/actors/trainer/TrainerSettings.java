package io.livegraft.actors.trainer;

import com.typesafe.config.Config;
import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.optimizer.Schedule;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Sections {@code livegraft.trainer}, {@code livegraft.lora} and {@code livegraft.optimizer} of the configuration.
 *
 * @param steps what makes the steps, with lora and optimizer part of the config digest
 * @param scaledLearningRate whether learning rates are scaled to the base
 * @param scaledTo hidden size of the base that {@code optimizer}'s is scaled to, after {@link #forBase}
 * @param idle after which a trainer with all its log in a checkpoint stops
 * @param active most trainers of one partition alive at once
 * @param retainedCheckpoints newest ones kept of each tenant
 * @param retry pause before a checkpoint that could not be written is tried again
 */
public record TrainerSettings(
        StepSettings steps,
        LoraConfig lora,
        OptimizerSettings optimizer,
        boolean scaledLearningRate,
        OptionalInt scaledTo,
        Duration idle,
        int active,
        int retainedCheckpoints,
        Duration retry) {
    public TrainerSettings {
        if (active < 1 || retainedCheckpoints < 1 || idle.isNegative() || retry.isNegative() || retry.isZero()) {
            throw new IllegalArgumentException(
                    "active %d and retained-checkpoints %d must be at least 1, retry %s positive and idle %s not negative"
                            .formatted(active, retainedCheckpoints, retry, idle));
        }
    }

    /** From the section {@code livegraft}. */
    public static TrainerSettings from(Config livegraft) {
        Config trainer = livegraft.getConfig("trainer");
        try {
            return new TrainerSettings(
                    steps(trainer),
                    LoraSettings.from(livegraft.getConfig("lora")),
                    optimizer(livegraft.getConfig("optimizer")),
                    livegraft.getBoolean("optimizer.scale-to-base"),
                    OptionalInt.empty(),
                    trainer.getDuration("idle"),
                    trainer.getInt("active"),
                    trainer.getInt("retained-checkpoints"),
                    trainer.getDuration("retry"));
        } catch (IllegalArgumentException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "livegraft.trainer, lora or optimizer: " + e.getMessage(), e);
        }
    }

    /** The settings with which adapters of this base are trained; refuses targets that it doesn't have, by name. */
    public TrainerSettings forBase(ModelConfig base) {
        lora.adaptedLinears(base);
        OptionalInt width = scaledLearningRate ? OptionalInt.of(base.hiddenSize()) : OptionalInt.empty();
        return new TrainerSettings(
                steps,
                lora,
                scaled(optimizer, width),
                scaledLearningRate,
                width,
                idle,
                active,
                retainedCheckpoints,
                retry);
    }

    /** With a learning rate that the log configured, meant as the setting of that name is. */
    OptimizerSettings optimizer(OptionalDouble learningRate) {
        return learningRate.isPresent()
                ? scaled(optimizer.withLearningRate(learningRate.getAsDouble()), scaledTo)
                : optimizer;
    }

    private static OptimizerSettings scaled(OptimizerSettings unscaled, OptionalInt width) {
        return width.isPresent() ? unscaled.scaledTo(width.getAsInt()) : unscaled;
    }

    /**
     * Names everything besides base and log that a state depends on, and the general set, which every version of one line is to be
     * judged by.
     *
     * @param profile what the engine's bits depend on
     * @param bounds of what ingest takes
     * @param generalDigest of the general set
     */
    public String configDigest(String profile, LogBounds bounds, String generalDigest) {
        // Records print their components by name and in order, so this text is canonical.
        return Digests.sha256(
                "%s\n%s\n%s\n%s\n%s\n%s".formatted(profile, steps, lora, optimizer, bounds, generalDigest));
    }

    private static StepSettings steps(Config trainer) {
        return new StepSettings(
                trainer.getInt("step-examples"),
                trainer.getInt("step-tokens"),
                trainer.getDuration("max-wait").toMillis(),
                trainer.getInt("replay-examples"),
                trainer.getInt("reservoir-examples"),
                trainer.getInt("held-out-share"),
                trainer.getInt("held-out-examples"),
                trainer.getInt("event-window"),
                trainer.getInt("checkpoint-every-steps"),
                trainer.getInt("publish-every-steps"),
                trainer.getDuration("publish-idle").toMillis(),
                trainer.getInt("event-times"),
                trainer.getInt("principal-events"),
                trainer.getLong("seed"),
                LossSettings.from(trainer));
    }

    private static OptimizerSettings optimizer(Config optimizer) {
        return new OptimizerSettings(
                optimizer.getDouble("learning-rate"),
                optimizer.getDouble("beta1"),
                optimizer.getDouble("beta2"),
                optimizer.getDouble("epsilon"),
                optimizer.getDouble("weight-decay"),
                optimizer.getDouble("max-gradient-norm"),
                schedule(optimizer),
                optimizer.getDouble("lora-plus-ratio"),
                switch (optimizer.getInt("moment-bits")) {
                    case 32 -> MomentPrecision.FLOAT32;
                    case 8 -> MomentPrecision.BLOCKWISE8;
                    default ->
                        throw new IllegalArgumentException(
                                "moment-bits %d must be 32 or 8".formatted(optimizer.getInt("moment-bits")));
                });
    }

    private static Schedule schedule(Config optimizer) {
        long warmup = optimizer.getLong("warmup-steps");
        return switch (optimizer.getString("schedule")) {
            case "constant" -> new Schedule.Constant(warmup);
            case "cosine" ->
                new Schedule.Cosine(warmup, optimizer.getLong("cosine-steps"), optimizer.getDouble("cosine-floor"));
            default ->
                throw new IllegalArgumentException(
                        "schedule %s must be constant or cosine".formatted(optimizer.getString("schedule")));
        };
    }
}
