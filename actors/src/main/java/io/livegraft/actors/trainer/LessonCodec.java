package io.livegraft.actors.trainer;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.proto.checkpoint.TokenExample;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Between lessons and how checkpoints keep them. */
final class LessonCodec {
    private LessonCodec() {}

    static List<TokenExample> encode(List<Lesson> lessons) {
        return lessons.stream().map(LessonCodec::encode).toList();
    }

    private static TokenExample encode(Lesson lesson) {
        TokenExample.Builder encoded = TokenExample.newBuilder();
        lesson.better().ifPresent(better -> encoded.addAllTokens(ids(better)).setFirstTarget(better.firstTarget()));
        lesson.worse()
                .ifPresent(worse -> encoded.addAllWorseTokens(ids(worse)).setWorseFirstTarget(worse.firstTarget()));
        return encoded.build();
    }

    private static List<Integer> ids(TrainingExample example) {
        return Arrays.stream(example.tokens()).boxed().toList();
    }

    static List<Lesson> decode(List<TokenExample> lessons) {
        return lessons.stream()
                .map(lesson -> new Lesson(
                        example(lesson.getTokensList(), lesson.getFirstTarget()),
                        example(lesson.getWorseTokensList(), lesson.getWorseFirstTarget())))
                .toList();
    }

    private static Optional<TrainingExample> example(List<Integer> ids, int firstTarget) {
        return ids.isEmpty()
                ? Optional.empty()
                : Optional.of(new TrainingExample(
                        ids.stream().mapToInt(Integer::intValue).toArray(), firstTarget));
    }
}
