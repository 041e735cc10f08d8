package io.livegraft.gpu.transformer;

import java.util.List;
import java.util.Locale;

/**
 * The seven linear layers of a block. Weights are (out, in); C = hidden size, F = width of the feed-forward half, H query heads, G
 * key and value heads, D = head dimension:
 *
 * <pre>{@code
 *   Q (H·D, C)   K, V (G·D, C)   O (C, H·D)   Gate, Up (F, C)   Down (C, F)
 * }</pre>
 */
public enum LinearKind {
    Q_PROJ,
    K_PROJ,
    V_PROJ,
    O_PROJ,
    GATE_PROJ,
    UP_PROJ,
    DOWN_PROJ;

    /** Those that read the attention's normalised input. */
    static final List<LinearKind> QUERY_KEY_VALUE = List.of(Q_PROJ, K_PROJ, V_PROJ);
    /** Those that read the feed-forward half's normalised input. */
    static final List<LinearKind> GATE_UP = List.of(GATE_PROJ, UP_PROJ);

    private final String module = name().toLowerCase(Locale.ROOT);

    /** The kind of a {@link #module}. */
    public static LinearKind of(String module) {
        return valueOf(module.toUpperCase(Locale.ROOT));
    }

    /** As checkpoints spell it, e.g. {@code q_proj}. */
    public String module() {
        return module;
    }
}
