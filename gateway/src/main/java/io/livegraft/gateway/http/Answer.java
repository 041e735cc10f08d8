package io.livegraft.gateway.http;

import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A whole generation gathered from its deltas. */
record Answer(List<GenerationDelta> deltas) {
    Answer {
        deltas = List.copyOf(deltas);
    }

    String text() {
        var text = new StringBuilder();
        deltas.forEach(delta -> text.append(delta.text()));
        return text.toString();
    }

    /** Tokens drawn. */
    int tokens() {
        return (int) deltas.stream().filter(GenerationDelta::drawn).count();
    }

    /** Empty if the generation ended early. */
    Optional<FinishReason> finish() {
        return deltas.isEmpty() ? Optional.empty() : deltas.getLast().finish();
    }

    /** In OpenAI's words. */
    static String wire(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }
}
