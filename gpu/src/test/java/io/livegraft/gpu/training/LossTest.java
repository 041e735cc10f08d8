package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Test;

/** The scalar functions alone: values by hand, slopes by central differences in double. */
class LossTest {
    private static final double LN2 = Math.log(2);

    /** σ(0.5) and its logarithm, from tables. */
    private static final double SIGMOID_HALF = 0.622459331201855;

    private static final double LOG_SIGMOID_HALF = -0.474076984180107;

    private static final List<DoubleFunction<LossTerm>> FUNCTIONS = List.of(
            x -> new Sft().term(x),
            x -> new Dpo(0.1, 0, false).term(x),
            x -> new Dpo(0.7, 0.2, false).term(x),
            x -> new Dpo(0.7, 0.2, true).term(x),
            x -> new Kto(0.3, 1.5, 0.5).term(x, true, 0.4),
            x -> new Kto(0.3, 1.5, 0.5).term(x, false, 0.4),
            x -> new Bco(0.6).term(x, true, -0.2),
            x -> new Bco(0.6).term(x, false, -0.2),
            x -> new ApoZero(0.8).term(x, true),
            x -> new ApoZero(0.8).term(x, false));

    @Test
    void everySlopeIsTheDerivativeOfItsValue() {
        double h = 1e-5;
        for (int f = 0; f < FUNCTIONS.size(); f++) {
            DoubleFunction<LossTerm> function = FUNCTIONS.get(f);
            for (double x : new double[] {-9, -1.3, 0, 0.2, 2.5, 11}) {
                double difference =
                        (function.apply(x + h).value() - function.apply(x - h).value()) / (2 * h);
                assertEquals(difference, function.apply(x).slope(), 1e-9, "function " + f + " at " + x);
            }
        }
    }

    @Test
    void dpoIsLogTwoWithoutAMarginAndTheLogSigmoidOtherwise() {
        Dpo dpo = new Dpo(0.1, 0, false);
        assertEquals(LN2, dpo.term(0).value(), 1e-15);
        assertEquals(-0.05, dpo.term(0).slope(), 1e-15);
        assertEquals(-LOG_SIGMOID_HALF, dpo.term(5).value(), 1e-14);
        assertEquals(0.5 - LOG_SIGMOID_HALF, dpo.term(-5).value(), 1e-14);
    }

    @Test
    void labelSmoothingMixesBothWaysRoundAndItsSlopeVanishesAtTheOddsOfAFlip() {
        Dpo smoothed = new Dpo(0.1, 0.25, false);
        assertEquals(
                0.75 * -LOG_SIGMOID_HALF + 0.25 * (0.5 - LOG_SIGMOID_HALF),
                smoothed.term(5).value(),
                1e-14);
        assertEquals(0, smoothed.term(10 * Math.log(3)).slope(), 1e-15);
    }

    @Test
    void robustDpoIsUnbiased() {
        double flip = 0.2;
        Dpo plain = new Dpo(0.4, 0, false);
        Dpo robust = new Dpo(0.4, flip, true);
        for (double x : new double[] {-3, 0, 1.7}) {
            double expected =
                    (1 - flip) * robust.term(x).value() + flip * robust.term(-x).value();
            assertEquals(plain.term(x).value(), expected, 1e-13);
        }
    }

    @Test
    void ktoIsHalfItsWeightAtTheBaselineAndBoundedByItFarAway() {
        Kto kto = new Kto(0.5, 1.2, 0.7);
        assertEquals(0.6, kto.term(0.3, true, 0.3).value(), 1e-15);
        assertEquals(0.35, kto.term(0.3, false, 0.3).value(), 1e-15);
        assertEquals(1.2 * (1 - SIGMOID_HALF), kto.term(1.3, true, 0.3).value(), 1e-14);
        assertEquals(0.7 * SIGMOID_HALF, kto.term(1.3, false, 0.3).value(), 1e-14);
        assertEquals(1.2, kto.term(-1e6, true, 0).value(), 0);
        assertEquals(0, kto.term(-1e6, true, 0).slope(), 0);
    }

    @Test
    void ktosBaselineIsTheMeanOfMismatchedPairsButNeverNegative() {
        Kto kto = new Kto(0.1, 1, 1);
        assertEquals(0.5, kto.divergence(new double[] {2, -1, 0.5}), 1e-15);
        assertEquals(0, kto.divergence(new double[] {-2, 1}), 0);
        LivegraftException refused = assertThrows(LivegraftException.class, () -> kto.divergence(new double[] {1}));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refused.code());
        assertTrue(refused.toString().contains("at least 2"), refused.toString());
    }

    @Test
    void bcoAndApoZeroAreTheirClosedForms() {
        assertEquals(-LOG_SIGMOID_HALF, new Bco(0.2).term(3, true, 0.1).value(), 1e-14);
        assertEquals(0.5 - LOG_SIGMOID_HALF, new Bco(0.2).term(3, false, 0.1).value(), 1e-14);
        assertEquals(1 - SIGMOID_HALF, new ApoZero(0.1).term(5, true).value(), 1e-14);
        assertEquals(SIGMOID_HALF, new ApoZero(0.1).term(5, false).value(), 1e-14);
    }

    @Test
    void farLogRatiosStayFinite() {
        for (DoubleFunction<LossTerm> function : FUNCTIONS) {
            for (double x : new double[] {-1e5, 1e5}) {
                assertTrue(Double.isFinite(function.apply(x).value()));
                assertTrue(Double.isFinite(function.apply(x).slope()));
            }
        }
        assertEquals(1e4, new Dpo(0.1, 0, false).term(-1e5).value(), 1e-9);
    }

    @Test
    void theRunningMeanIsTheMeanOfAllRewardsHoweverTheyCameInSteps() {
        LossStatistics steps = LossStatistics.NONE
                .after(new double[] {1, 4})
                .after(new double[] {-2})
                .after(new double[] {0.5, 0.5, 8});
        assertEquals(2, steps.meanReward(), 1e-15);
        assertEquals(6, steps.examples());
        assertEquals(LossStatistics.NONE, LossStatistics.NONE.after(new double[0]));
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Dpo(0, 0, false));
        assertThrows(IllegalArgumentException.class, () -> new Dpo(0.1, 0.5, true));
        assertThrows(IllegalArgumentException.class, () -> new Dpo(0.1, -0.1, false));
        assertThrows(IllegalArgumentException.class, () -> new Kto(0.1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Kto(0.1, 1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Bco(Double.POSITIVE_INFINITY));
        assertThrows(IllegalArgumentException.class, () -> new ApoZero(-1));
    }
}
