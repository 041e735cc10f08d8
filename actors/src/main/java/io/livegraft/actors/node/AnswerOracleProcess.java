package io.livegraft.actors.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.gpu.engine.Advance;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.Generation;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.tokenizer.ChatMessage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a version answers, said by an engine of its own from the question and the artifact of that version's digest: one question
 * at a time, alone; no registry, no swap, no batch. Laws 2 and 3 say that a node answers the same, whatever else it did meanwhile.
 *
 * <p>Prints {@code answer {"choices":[{"text","finish","logprobs"}]}} for each question, in their order.
 */
public final class AnswerOracleProcess {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Engine engine;
    private final ArtifactStore adapters;
    private String stagedDigest = "";
    private Optional<StagedAdapter> staged = Optional.empty();

    private AnswerOracleProcess(Engine engine, ArtifactStore adapters) {
        this.engine = engine;
        this.adapters = adapters;
    }

    /**
     * Arguments: the node's configuration file, a directory of adapters by their digests, and a file with a question in each line,
     * {@code {"digest","chat","prompt","maxTokens","temperature","seeds","echo"}}. An empty digest is the base alone; each seed makes
     * a choice, computed by itself.
     */
    public static void main(String[] arguments) throws IOException {
        Config config = ConfigFactory.parseFile(new File(arguments[0])).withFallback(ConfigFactory.load());
        NodeSettings settings = NodeSettings.from(config.resolve());
        try (Engine engine = Engine.open(settings.engine())) {
            var oracle = new AnswerOracleProcess(engine, new ArtifactStore(Path.of(arguments[1])));
            for (String question : Files.readAllLines(Path.of(arguments[2]))) {
                System.out.println("answer " + oracle.answer(JSON.readTree(question)));
            }
        }
    }

    private ObjectNode answer(JsonNode question) throws IOException {
        stage(question.path("digest").asText());
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode choices = answer.putArray("choices");
        for (JsonNode seed : question.path("seeds")) {
            choices.add(choice(question, seed.asLong()));
        }
        return answer;
    }

    private ObjectNode choice(JsonNode question, long seed) {
        boolean chat = question.path("chat").asBoolean();
        boolean echo = question.path("echo").asBoolean();
        String prompt = question.path("prompt").asText();
        SamplingSettings sampling = new SamplingSettings(
                question.path("maxTokens").asInt(),
                question.path("temperature").asDouble(),
                1,
                0,
                seed,
                List.of(),
                LogitAdjustment.NONE,
                0,
                echo);
        StringBuilder text = new StringBuilder(echo ? prompt : "");
        String finish = "";
        ObjectNode choice = JSON.createObjectNode();
        ArrayNode logprobs = choice.putArray("logprobs");
        try (Generation generation = engine.admit(prompt(prompt, chat), sampling, staged)) {
            while (!generation.finished()) {
                GenerationDelta delta = next(generation);
                text.append(delta.text());
                addLogprobs(logprobs, delta);
                finish = delta.finish()
                        .map(reason -> reason.name().toLowerCase(Locale.ROOT))
                        .orElse(finish);
            }
        }
        return choice.put("text", withoutLeadingSpace(text.toString(), chat)).put("finish", finish);
    }

    private static void addLogprobs(ArrayNode logprobs, GenerationDelta delta) {
        delta.prompt()
                .forEach(
                        token -> logprobs.add((float) token.logprob().orElse(0))); // nothing comes before the first one
        if (delta.drawn()) {
            logprobs.add(delta.logprob());
        }
    }

    /** All of the prompt at once, then a token at a time. */
    private GenerationDelta next(Generation generation) {
        return engine.advance(List.of(new Advance(generation, generation.pending())))
                .getFirst()
                .orElseThrow();
    }

    private int[] prompt(String text, boolean chat) {
        return chat
                ? engine.tokenizer().chat().prompt(List.of(new ChatMessage("user", text)), Instant.now())
                : engine.tokenizer().encode(text);
    }

    private String withoutLeadingSpace(String text, boolean chat) {
        boolean formatsSpace = chat && engine.tokenizer().chat().answerFollowsSpace();
        return formatsSpace && text.startsWith(" ") ? text.substring(1) : text;
    }

    private void stage(String digest) throws IOException {
        if (digest.equals(stagedDigest)) {
            return;
        }
        staged.ifPresent(StagedAdapter::close);
        staged =
                digest.isEmpty() ? Optional.empty() : Optional.of(engine.stage(adapters.read(digest, engine.config())));
        stagedDigest = digest;
    }
}
