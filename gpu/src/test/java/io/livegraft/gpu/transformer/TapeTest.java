package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.transformer.Transformer.Tape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TapeTest {
    private final Backend backend = new VectorBackend(2);
    private final TinyFamily family = TinyFamily.all().findFirst().orElseThrow();

    @AfterEach
    void close() {
        backend.close();
    }

    @ParameterizedTest
    @EnumSource
    void tapesThatAreThereTogetherDoNotTouchEachOther(GradientCheckpointing checkpointing) {
        Tensor gradients = arena();
        Transformer transformer = transformer(checkpointing, gradients);
        Tape first = record(transformer, 1, 2, 3, 4);
        float[] hidden = values(first.hidden());
        float[] alone = backward(transformer, first, gradients);
        Tape again = record(transformer, 1, 2, 3, 4);
        Tape other = record(transformer, 7, 5, 6);
        transformer.infer(List.of(segment(3, 3, 3, 3, 3)));
        float[] others = backward(transformer, other, gradients);
        assertArrayEquals(hidden, values(again.hidden()));
        assertArrayEquals(alone, backward(transformer, again, gradients));
        assertFalse(Arrays.equals(alone, others), "other tokens must show");
    }

    @ParameterizedTest
    @EnumSource
    void aTapeRunsBackwardOnce(GradientCheckpointing checkpointing) {
        Tensor gradients = arena();
        Transformer transformer = transformer(checkpointing, gradients);
        Tape tape = record(transformer, 1, 2, 3);
        backward(transformer, tape, gradients);
        assertThrows(IllegalStateException.class, () -> backward(transformer, tape, gradients));
        Tape inferred = transformer.infer(List.of(segment(1, 2, 3)));
        assertThrows(IllegalStateException.class, () -> backward(transformer, inferred, gradients));
        assertArrayEquals(values(tape.hidden()), values(inferred.hidden()));
    }

    private float[] backward(Transformer transformer, Tape tape, Tensor gradients) {
        backend.zero(gradients);
        Tensor d = backend.allocate(tape.hidden().rows(), tape.hidden().columns());
        backend.add(d, tape.hidden());
        transformer.backward(tape, d);
        return values(gradients);
    }

    private static Tape record(Transformer transformer, int... ids) {
        return transformer.record(List.of(segment(ids)));
    }

    private static Segment segment(int... ids) {
        return Segment.whole(ids, Optional.empty(), OptionalLong.empty());
    }

    private Tensor arena() {
        return backend.allocate(1, TransformerWeights.layout(family.config()).size());
    }

    private Transformer transformer(GradientCheckpointing checkpointing, Tensor gradients) {
        float[] weights = family.weights(3);
        Tensor values = backend.upload(weights, 1, weights.length);
        return new Transformer(
                backend, TransformerWeights.trained(backend, family.config(), values, gradients), checkpointing);
    }

    private float[] values(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }
}
