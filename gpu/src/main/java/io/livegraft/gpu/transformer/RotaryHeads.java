package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.Normalisation.Normalised;
import io.livegraft.gpu.transformer.TransformerWeights.Vectors;
import java.util.Optional;

/**
 * Heads of queries or keys (N, heads·D), turned by their positions; Qwen3 (arXiv 2505.09388, section 2) normalises each
 * head (D) with a common weight before.
 */
final class RotaryHeads {
    /** What the norm's backward pass needs: the heads (N·heads, D) before it, and its (N·heads, 1). */
    record Before(Tensor heads, Tensor rstd) {}

    /** Turned heads (N, heads·D). */
    record Turned(Tensor heads, Optional<Before> before) {
        long bytes() {
            return heads.bytes()
                    + before.map(b -> b.heads().bytes() + b.rstd().bytes()).orElse(0L);
        }
    }

    private final Backend backend;
    private final Normalisation norms;
    private final Rope rope;

    RotaryHeads(Backend backend, Normalisation norms, Rope rope) {
        this.backend = backend;
        this.norms = norms;
        this.rope = rope;
    }

    /** Turns {@code projected} in place where there is no norm. */
    Turned forward(Tensor projected, Optional<Vectors> norm, int[] positions) {
        Turned heads = norm.map(weight -> normalise(projected, weight)).orElse(new Turned(projected, Optional.empty()));
        backend.rotate(heads.heads(), positions, rope, false);
        return heads;
    }

    private Turned normalise(Tensor projected, Vectors norm) {
        Tensor heads = perHead(projected);
        Normalised normalised = norms.forward(heads, norm);
        Tensor y = backend.view(normalised.y(), 0, projected.rows(), projected.columns());
        return new Turned(y, Optional.of(new Before(heads, normalised.rstd())));
    }

    /** The gradient of what was projected; {@code d}, that of the turned heads, is used up. */
    Tensor backward(Tensor d, Turned turned, Optional<Vectors> norm, int[] positions) {
        backend.rotate(d, positions, rope, true);
        if (turned.before().isEmpty()) {
            return d;
        }
        Before before = turned.before().get();
        Tensor projected = backend.allocate(d.rows(), d.columns());
        norms.backward(perHead(projected), perHead(d), before.heads(), norm.orElseThrow(), before.rstd());
        return projected;
    }

    private Tensor perHead(Tensor heads) {
        return backend.view(heads, 0, heads.rows() * (heads.columns() / rope.headDim()), rope.headDim());
    }
}
