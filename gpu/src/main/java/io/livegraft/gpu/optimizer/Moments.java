package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** AdamW's m and v of all parameters of a layout, in host memory; immutable by agreement. */
public sealed interface Moments {
    /** Memory they take. */
    long bytes();

    /** The same in another form; quantizing loses precision, the way back keeps what is left. */
    Moments in(MomentPrecision precision, ParameterLayout layout);

    /** Both 0, before the first step. */
    static Moments zero(int size) {
        return new Float32(new float[size], new float[size]);
    }

    /** Memory that the moments of a layout take in one form, without making them. */
    static long bytes(MomentPrecision precision, ParameterLayout layout) {
        return switch (precision) {
            case FLOAT32 -> 2L * Float.BYTES * layout.size();
            case BLOCKWISE8 ->
                layout.entries().stream()
                        .mapToLong(entry -> TensorMoments.bytes(entry.size()))
                        .sum();
        };
    }

    /**
     * In float32, each one flat array in the order of the layout.
     *
     * @param first m
     * @param second v
     */
    record Float32(float[] first, float[] second) implements Moments {
        public Float32 {
            if (first.length != second.length) {
                throw new IllegalArgumentException(
                        "%d first moments but %d second ones".formatted(first.length, second.length));
            }
        }

        @Override
        public long bytes() {
            return (long) Float.BYTES * (first.length + second.length);
        }

        @Override
        public Moments in(MomentPrecision precision, ParameterLayout layout) {
            return switch (precision) {
                case FLOAT32 -> this;
                case BLOCKWISE8 -> quantized(layout);
            };
        }

        private Moments quantized(ParameterLayout layout) {
            List<TensorMoments> tensors = new ArrayList<>();
            for (ParameterLayout.Entry entry : layout.entries()) {
                int end = entry.offset() + entry.size();
                tensors.add(TensorMoments.of(
                        Arrays.copyOfRange(first, entry.offset(), end),
                        Arrays.copyOfRange(second, entry.offset(), end)));
            }
            return new Blockwise(tensors);
        }
    }

    /**
     * In 8 bits, tensor by tensor.
     *
     * @param tensors one for each entry of the layout, in its order
     */
    record Blockwise(List<TensorMoments> tensors) implements Moments {
        public Blockwise {
            tensors = List.copyOf(tensors);
        }

        @Override
        public long bytes() {
            return tensors.stream().mapToLong(TensorMoments::bytes).sum();
        }

        @Override
        public Moments in(MomentPrecision precision, ParameterLayout layout) {
            return switch (precision) {
                case FLOAT32 -> dequantized(layout);
                case BLOCKWISE8 -> this;
            };
        }

        private Moments dequantized(ParameterLayout layout) {
            float[] first = new float[layout.size()];
            float[] second = new float[layout.size()];
            List<ParameterLayout.Entry> entries = layout.entries();
            for (int i = 0; i < entries.size(); i++) {
                ParameterLayout.Entry entry = entries.get(i);
                System.arraycopy(tensors.get(i).first(), 0, first, entry.offset(), entry.size());
                System.arraycopy(tensors.get(i).second(), 0, second, entry.offset(), entry.size());
            }
            return new Float32(first, second);
        }
    }
}
