package io.livegraft.simulation.swap;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A request that is due.
 *
 * @param after the beginning
 */
record Arrival(Duration after, String tenant, Question question) {
    /** Of a Poisson process, for so long. */
    static List<Arrival> draw(SwapSettings run, Duration within) {
        SplittableRandom random = new SplittableRandom(run.seed());
        List<Arrival> arrivals = new ArrayList<>();
        double seconds = gap(run, random);
        while (seconds < within.toNanos() / 1e9) {
            arrivals.add(new Arrival(
                    Duration.ofNanos((long) (seconds * 1e9)),
                    SwapSettings.tenant(random.nextInt(run.tenants())),
                    Question.draw(random)));
            seconds += gap(run, random);
        }
        return arrivals;
    }

    private static double gap(SwapSettings run, SplittableRandom random) {
        return -Math.log(1 - random.nextDouble()) / run.rate();
    }
}
