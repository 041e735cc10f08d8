package io.livegraft.simulation.corpus;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything the generator can say. The format of the files is in {@code package-info}.
 *
 * @param common slots and intents that every domain shares
 */
record Grammar(List<Domain> domains, Domain common, List<Style> styles) {
    private static final List<String> DOMAINS =
            List.of("parcel", "shop", "bank", "internet", "streaming", "hotel", "airline", "software", "utilities");

    /** The grammar in the resources of this package. */
    static Grammar bundled() {
        List<Domain> domains = new ArrayList<>();
        for (String name : DOMAINS) {
            domains.add(new GrammarReader(name + ".txt").read(text(name + ".txt")));
        }
        return new Grammar(
                List.copyOf(domains),
                new GrammarReader("common.txt").read(text("common.txt")),
                styles(text("styles.json")));
    }

    /** The slots that hold in a domain: its own hide the common ones. */
    Map<String, List<String>> slots(Domain domain) {
        Map<String, List<String>> slots = new LinkedHashMap<>(common.slots());
        slots.putAll(domain.slots());
        return slots;
    }

    private static List<Style> styles(String json) {
        try {
            return List.copyOf(new ObjectMapper().readValue(json, new TypeReference<List<Style>>() {}));
        } catch (IOException e) {
            throw new LivegraftException(ErrorCode.INVALID_CONFIGURATION, "styles.json: " + e.getMessage(), e);
        }
    }

    private static String text(String resource) {
        try (InputStream in = Grammar.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "corpus grammar '" + resource + "' is not among the resources");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
