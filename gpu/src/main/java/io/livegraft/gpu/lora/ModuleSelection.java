package io.livegraft.gpu.lora;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Some of a base's modules by their paths, e.g. {@code model.layers.0.self_attn.q_proj}: the three forms of PEFT's
 * {@code target_modules}.
 */
public sealed interface ModuleSelection {
    /** The seven linear kinds of a block. */
    List<String> LINEAR_KINDS = List.of("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj");

    /** How PEFT spells {@link AllLinear}. */
    String ALL_LINEAR = "all-linear";

    boolean matches(String path);

    /** Whether the path stands here in full, in which case PEFT doesn't ask for its layer. */
    boolean spellsOut(String path);

    /** The parts of this selection that match none of the paths, as the user wrote them. */
    List<String> unmatched(List<String> paths);

    /** Whole paths, or their ends from a dot on; sorted, no duplicates. */
    record Names(List<String> names) implements ModuleSelection {
        public Names {
            names = names.stream().sorted().distinct().toList();
        }

        @Override
        public boolean matches(String path) {
            return names.stream().anyMatch(name -> matches(name, path));
        }

        @Override
        public boolean spellsOut(String path) {
            return names.contains(path);
        }

        @Override
        public List<String> unmatched(List<String> paths) {
            return names.stream()
                    .filter(name -> paths.stream().noneMatch(path -> matches(name, path)))
                    .toList();
        }

        private static boolean matches(String name, String path) {
            return path.equals(name) || path.endsWith("." + name);
        }

        @Override
        public String toString() {
            return names.toString();
        }
    }

    /** A regular expression for whole paths. */
    record Regex(String pattern) implements ModuleSelection {
        public Regex {
            compiled(pattern);
        }

        @Override
        public boolean matches(String path) {
            return compiled(pattern).matcher(path).matches();
        }

        @Override
        public boolean spellsOut(String path) {
            return false;
        }

        @Override
        public List<String> unmatched(List<String> paths) {
            return paths.stream().anyMatch(this::matches) ? List.of() : List.of(pattern);
        }

        @Override
        public String toString() {
            return "'" + pattern + "'";
        }
    }

    /** Every linear layer of every block, not the head. */
    record AllLinear() implements ModuleSelection {
        @Override
        public boolean matches(String path) {
            return LINEAR_KINDS.stream().anyMatch(kind -> path.endsWith("." + kind));
        }

        @Override
        public boolean spellsOut(String path) {
            return false;
        }

        @Override
        public List<String> unmatched(List<String> paths) {
            return List.of();
        }

        @Override
        public String toString() {
            return ALL_LINEAR;
        }
    }

    /** PEFT's reading of a text: {@code all-linear}, else a regular expression. */
    static ModuleSelection of(String text) {
        return text.equals(ALL_LINEAR) ? new AllLinear() : new Regex(text);
    }

    /** As a command line says it: names with commas between, {@code all-linear}, else a regular expression. */
    static ModuleSelection ofArgument(String text) {
        boolean names = !text.equals(ALL_LINEAR) && text.matches("[\\w.]+(,[\\w.]+)*");
        return names ? new Names(List.of(text.split(","))) : of(text);
    }

    /** {@link IllegalArgumentException} for what is no regular expression. */
    static Pattern compiled(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "'%s' is not a regular expression: %s".formatted(regex, e.getDescription()), e);
        }
    }
}
