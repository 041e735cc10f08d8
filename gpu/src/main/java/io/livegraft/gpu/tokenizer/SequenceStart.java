package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.model.JsonFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What stands before the ids of every text, as Hugging Face's AutoTokenizer has it: for Llama's own classes BOS, unless
 * {@code add_bos_token} is false; for all others what the TemplateProcessing of {@code tokenizer.json} puts before its
 * sequence, or nothing. A file that names no class and has no post-processor is taken for one of Llama's.
 */
final class SequenceStart {
    private static final Set<String> LLAMA = Set.of("LlamaTokenizer", "CodeLlamaTokenizer");

    private SequenceStart() {}

    /**
     * The ids, usually BOS or none.
     *
     * @param settings tokenizer_config.json
     */
    static List<Integer> of(JsonFile tokenizer, Optional<JsonFile> settings, OptionalInt bos) {
        String type = settings.map(file -> file.get("tokenizer_class").asText())
                .orElse("")
                .replaceFirst("Fast$", "");
        JsonNode processor = tokenizer.get("post_processor");
        boolean llama = LLAMA.contains(type) || (type.isEmpty() && processor.isMissingNode());
        Optional<JsonNode> template = template(processor);
        if (!llama && template.isPresent()) {
            return before(template.get());
        }
        boolean added = settings.map(file -> file.flag("add_bos_token", llama)).orElse(llama);
        return added ? bos.stream().boxed().toList() : List.of();
    }

    /** Alone, or one of a Sequence of processors. */
    private static Optional<JsonNode> template(JsonNode processor) {
        return switch (processor.path("type").asText()) {
            case "TemplateProcessing" -> Optional.of(processor);
            case "Sequence" ->
                processor
                        .path("processors")
                        .valueStream()
                        .flatMap(one -> template(one).stream())
                        .findFirst();
            default -> Optional.empty();
        };
    }

    private static List<Integer> before(JsonNode template) {
        List<Integer> ids = new ArrayList<>();
        for (JsonNode piece : template.path("single")) {
            if (!piece.has("SpecialToken")) {
                break;
            }
            String name = piece.at("/SpecialToken/id").asText();
            template.path("special_tokens").path(name).path("ids").forEach(id -> ids.add(id.asInt()));
        }
        return ids;
    }
}
