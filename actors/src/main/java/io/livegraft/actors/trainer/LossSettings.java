package io.livegraft.actors.trainer;

import com.typesafe.config.Config;
import io.livegraft.gpu.training.ApoZero;
import io.livegraft.gpu.training.Bco;
import io.livegraft.gpu.training.Dpo;
import io.livegraft.gpu.training.Kto;
import io.livegraft.gpu.training.Loss;
import io.livegraft.gpu.training.LossKind;
import io.livegraft.gpu.training.Sft;

/**
 * What steps minimise; the parameters of the other losses are kept, as a log may configure another loss later.
 *
 * @param beta of all but SFT: how much a log-ratio counts
 * @param desirableWeight of KTO
 * @param undesirableWeight of KTO
 * @param labelSmoothing of DPO: the share of pairs that are the wrong way round
 */
public record LossSettings(
        LossKind kind, double beta, double desirableWeight, double undesirableWeight, double labelSmoothing) {
    /** Imitation of what was good. */
    public static final LossSettings SFT = new LossSettings(LossKind.SFT, 0.1, 1, 1, 0);

    public LossSettings {
        for (LossKind each : LossKind.values()) {
            loss(each, beta, desirableWeight, undesirableWeight, labelSmoothing); // refuses what is out of range
        }
    }

    /** From the section {@code livegraft.trainer}. */
    static LossSettings from(Config trainer) {
        String name = trainer.getString("loss");
        return new LossSettings(
                LossKind.named(name)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "loss is '%s', expected one of %s".formatted(name, LossKind.NAMES))),
                trainer.getDouble("beta"),
                trainer.getDouble("desirable-weight"),
                trainer.getDouble("undesirable-weight"),
                trainer.getDouble("label-smoothing"));
    }

    public Loss loss() {
        return loss(kind, beta, desirableWeight, undesirableWeight, labelSmoothing);
    }

    private static Loss loss(
            LossKind kind, double beta, double desirableWeight, double undesirableWeight, double labelSmoothing) {
        return switch (kind) {
            case SFT -> new Sft();
            case DPO -> new Dpo(beta, labelSmoothing, false);
            case KTO -> new Kto(beta, desirableWeight, undesirableWeight);
            case BCO -> new Bco(beta);
            case APO_ZERO -> new ApoZero(beta);
        };
    }
}
