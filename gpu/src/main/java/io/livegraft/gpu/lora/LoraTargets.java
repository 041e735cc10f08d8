package io.livegraft.gpu.lora;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelConfig;
import java.util.List;

/**
 * Which linear layers of a base get an adapter, by the rules of PEFT.
 *
 * @param modules PEFT's {@code target_modules}
 * @param excluded {@code exclude_modules}: taken out of the modules; no names exclude nothing
 * @param layers {@code layers_to_transform}: only these, from 0; empty takes all. Needs a list of names as modules
 */
public record LoraTargets(ModuleSelection modules, ModuleSelection excluded, List<Integer> layers) {
    /** Modules which PEFT could adapt but Livegraft can't. */
    private static final List<String> BESIDE_THE_BLOCKS = List.of("model.embed_tokens", "lm_head");

    /** What excludes nothing. */
    public static final ModuleSelection NONE = new ModuleSelection.Names(List.of());

    public LoraTargets {
        layers = layers.stream().sorted().distinct().toList();
        if (modules.equals(NONE)) {
            throw new IllegalArgumentException("LoRA target modules [] must name at least one module");
        }
        if (!layers.isEmpty() && !(modules instanceof ModuleSelection.Names)) {
            throw new IllegalArgumentException(
                    "LoRA layers %s need a list of names as target modules, not %s".formatted(layers, modules));
        }
        if (!layers.isEmpty() && layers.getFirst() < 0) {
            throw new IllegalArgumentException("LoRA layers %s must be numbers from 0".formatted(layers));
        }
    }

    /** Modules in all layers. */
    public static LoraTargets of(ModuleSelection modules) {
        return new LoraTargets(modules, NONE, List.of());
    }

    boolean contains(String path, int layer) {
        return matches(path) && (layers.isEmpty() || layers.contains(layer) || modules.spellsOut(path));
    }

    private boolean matches(String path) {
        return modules.matches(path) && !excluded.matches(path);
    }

    /**
     * Refuses by name.
     *
     * @param paths of all the base's linear layers that can have an adapter
     */
    void refuseWhatIsNotIn(ModelConfig base, List<String> paths) {
        BESIDE_THE_BLOCKS.stream().filter(this::matches).findFirst().ifPresent(path -> {
            throw refusal("LoRA target modules %s take in '%s', but only the linear layers %s can have an adapter"
                    .formatted(modules, path, ModuleSelection.LINEAR_KINDS));
        });
        modules.unmatched(paths).stream().findFirst().ifPresent(name -> {
            throw refusal("LoRA target module '%s' matches no linear layer of this base, such as %s"
                    .formatted(name, paths.getFirst()));
        });
        if (!layers.isEmpty() && layers.getLast() >= base.layers()) {
            throw refusal("LoRA layer %d is not in this base, which has layers 0 to %d"
                    .formatted(layers.getLast(), base.layers() - 1));
        }
    }

    static LivegraftException refusal(String sentence) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, sentence);
    }
}
