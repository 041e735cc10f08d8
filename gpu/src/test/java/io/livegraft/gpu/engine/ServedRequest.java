package io.livegraft.gpu.engine;

import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.SamplingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A request to a tenant's version.
 *
 * @param version of all versions of all tenants
 */
record ServedRequest(int version, int[] prompt, SamplingSettings sampling) {
    /** Some begin as others of their tenant do, and all kinds of sampling are among them. */
    static List<ServedRequest> random(Random random, int count, int versions, int vocabulary) {
        List<int[]> beginnings = IntStream.range(0, 4)
                .mapToObj(i -> tokens(random, 64 * i + random.nextInt(40), vocabulary))
                .toList();
        List<ServedRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] beginning = beginnings.get(random.nextInt(beginnings.size()));
            int[] rest = tokens(random, 1 + random.nextInt(40), vocabulary);
            int[] prompt = IntStream.concat(IntStream.of(beginning), IntStream.of(rest))
                    .toArray();
            requests.add(new ServedRequest(random.nextInt(versions), prompt, sampling(random)));
        }
        return requests;
    }

    private static SamplingSettings sampling(Random random) {
        boolean scored = random.nextInt(12) == 0;
        int tokens = random.nextInt(scored ? 0 : 1, 13);
        boolean greedy = random.nextBoolean();
        LogitAdjustment adjustment =
                random.nextInt(4) == 0 ? new LogitAdjustment(0.5, 0.25, Map.of(17, 2.0)) : LogitAdjustment.NONE;
        int top = random.nextInt(4) == 0 ? 3 : 0;
        double temperature = greedy ? 0 : 0.9;
        return new SamplingSettings(
                tokens, temperature, 0.95, 0, random.nextLong(), List.of(), adjustment, top, scored);
    }

    private static int[] tokens(Random random, int count, int vocabulary) {
        return random.ints(count, 10, vocabulary).toArray();
    }
}
