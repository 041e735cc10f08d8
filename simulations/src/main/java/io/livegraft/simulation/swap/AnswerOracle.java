package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.JavaProcess;
import io.livegraft.simulation.run.NodeHttp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Computes answers anew, one at a time, in a process of its own with an engine and nothing else of a node. */
final class AnswerOracle {
    private static final String MAIN = "io.livegraft.actors.node.AnswerOracleProcess";
    private static final String ANSWER = "answer ";
    private static final Duration PATIENCE = Duration.ofHours(2);

    private AnswerOracle() {}

    /** A question and the digest of the version that answers it; empty for the base. */
    record Asked(Question question, String digest) {}

    /** {@code file} is the configuration of the node under test, {@code adapters} holds every digest that is asked for. */
    static Map<Asked, Answer> answers(
            Path directory, String classPath, Path file, Path adapters, Collection<Asked> asked) {
        List<Asked> byDigest =
                asked.stream().sorted(Comparator.comparing(Asked::digest)).toList();
        Path questions = directory.resolve("questions.jsonl");
        try {
            Files.write(
                    questions,
                    byDigest.stream()
                            .map(each -> each.question().toOracle(each.digest()).toString())
                            .toList());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        try (JavaProcess process = JavaProcess.start(
                directory,
                "oracle",
                List.of("-Dlivegraft.engine.threads=1"),
                "-cp",
                classPath,
                MAIN,
                file.toString(),
                adapters.toString(),
                questions.toString())) {
            if (process.end(PATIENCE).filter(ended -> ended == 0).isEmpty()) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE,
                        "the oracle did not come to an end; see %s".formatted(directory.resolve("oracle.log")));
            }
            return paired(
                    byDigest,
                    process.lines().filter(line -> line.startsWith(ANSWER)).toList());
        }
    }

    private static Map<Asked, Answer> paired(List<Asked> asked, List<String> lines) {
        Map<Asked, Answer> answers = new HashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            answers.put(asked.get(i), answer(NodeHttp.parse(lines.get(i).substring(ANSWER.length()))));
        }
        return answers;
    }

    private static Answer answer(JsonNode said) {
        List<Answer.Choice> choices = new ArrayList<>();
        said.path("choices").forEach(choice -> choices.add(choice(choice)));
        return new Answer(choices);
    }

    private static Answer.Choice choice(JsonNode said) {
        List<Float> logprobs = new ArrayList<>();
        said.path("logprobs").forEach(value -> logprobs.add((float) value.asDouble()));
        return new Answer.Choice(said.path("text").asText(), said.path("finish").asText(), logprobs);
    }
}
