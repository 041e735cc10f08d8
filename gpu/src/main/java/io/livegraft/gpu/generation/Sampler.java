package io.livegraft.gpu.generation;

import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.HostSampling;
import java.util.SplittableRandom;

/** Says how the tokens of one request are drawn; one generator a request, so neighbours never change what is drawn. */
public final class Sampler {
    private final SamplingSettings settings;
    private final SplittableRandom random;
    private final DrawnCounts counts;
    private final HostSampling host = new HostSampling();

    public Sampler(SamplingSettings settings) {
        this.settings = settings;
        this.random = new SplittableRandom(settings.seed());
        this.counts = new DrawnCounts(settings.adjustment());
    }

    /** The next draw; {@link #drawn} comes behind it. */
    public Draw draw() {
        return new Draw(
                settings.temperature(),
                settings.topP(),
                settings.topK(),
                settings.temperature() == 0 ? 0 : random.nextDouble(),
                counts.adjustments());
    }

    /** What the last draw gave. */
    public void drawn(int token) {
        counts.drawn(token);
    }

    /** Draws from logits in host memory, which are as before when it returns: the same id as from a backend. */
    public int next(float[] logits) {
        int token = host.draw(logits, draw());
        drawn(token);
        return token;
    }

    /** Ids by falling logit, at most {@code count}; ties go to the lower ones. */
    public static int[] likeliest(float[] logits, int count) {
        return HostSampling.likeliest(logits, count);
    }
}
