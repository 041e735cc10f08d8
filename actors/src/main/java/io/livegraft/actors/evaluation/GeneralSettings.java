package io.livegraft.actors.evaluation;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Section {@code livegraft.evaluation.general} of the configuration: which examples no version may forget, and what forgetting
 * is.
 *
 * @param set {@code base}, {@code none} or a file
 * @param mostExamples that a file may have
 * @param toleranceNats per target token by which a candidate's loss may exceed the reference's
 * @param reference whose loss it is compared with
 */
public record GeneralSettings(String set, int mostExamples, double toleranceNats, Reference reference) {
    /** Whose loss a candidate's is compared with. */
    public enum Reference {
        /** The base: what is forgotten in many small steps counts too. */
        BASE,
        /** The last published version; the base for a tenant's first. */
        PARENT
    }

    /** In the base's own directory. */
    private static final String OWN = "general.jsonl";

    public GeneralSettings {
        if (mostExamples < 1 || !(toleranceNats >= 0)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.evaluation.general: most-examples %d must be at least 1 and tolerance %s not negative"
                            .formatted(mostExamples, toleranceNats));
        }
    }

    static GeneralSettings from(Config general) {
        return new GeneralSettings(
                general.getString("set"),
                general.getInt("most-examples"),
                general.getDouble("tolerance"),
                reference(general.getString("reference")));
    }

    private static Reference reference(String name) {
        return switch (name) {
            case "base" -> Reference.BASE;
            case "parent" -> Reference.PARENT;
            default ->
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "livegraft.evaluation.general.reference is '%s', expected base or parent".formatted(name));
        };
    }

    /** Where the examples are; empty where there are none. A file that is named may be missing here: reading it says so. */
    public Optional<Path> file(Path baseDirectory) {
        return switch (set) {
            case "none" -> Optional.empty();
            case "base" -> Optional.of(baseDirectory.resolve(OWN)).filter(Files::isRegularFile);
            default -> Optional.of(Path.of(set));
        };
    }
}
