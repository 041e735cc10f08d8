package io.livegraft.gpu;

import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.ParameterLayout.Entry;
import java.util.LinkedHashMap;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/**
 * Gradients against slopes of the loss, in double precision.
 *
 * <pre>{@code
 *   slope_i = ( loss(w + h·e_i) − loss(w − h·e_i) ) / 2h          h = 10⁻⁵: off by h²/6 · loss''' and 10⁻¹⁵/h
 *   error of a tensor = max( max_i |slope_i − g_i| / max(|g_i|, 10⁻² · max_j |g_j|),  |slope_d − g·d| / |g| )
 * }</pre>
 *
 * The direction d = ±1 lets every element of a tensor count even where not every one is perturbed alone.
 */
public final class CentralDifferences {
    private static final double STEP = 1e-5;

    private final ReferenceBackend backend;
    private final DoubleSupplier loss;
    private final int elements;
    private final Random random = new Random(31);

    /** @param elements of a tensor that are perturbed alone; drawn where it has more */
    public CentralDifferences(ReferenceBackend backend, DoubleSupplier loss, int elements) {
        this.backend = backend;
        this.loss = loss;
        this.elements = elements;
    }

    /** The error of each tensor of an arena; infinite where the whole gradient is zero, which would prove nothing. */
    public SequencedMap<String, Double> errors(Tensor values, Tensor gradients, ParameterLayout layout) {
        SequencedMap<String, Double> errors = new LinkedHashMap<>();
        for (Entry entry : layout.entries()) {
            Tensor tensor = backend.view(values, entry.offset(), entry.rows(), entry.columns());
            double[] gradient = IntStream.range(entry.offset(), entry.offset() + entry.size())
                    .mapToDouble(i -> backend.get(gradients, i))
                    .toArray();
            errors.put(entry.name(), Math.max(elementError(tensor, gradient), directionError(tensor, gradient)));
        }
        return errors;
    }

    private double elementError(Tensor tensor, double[] gradient) {
        double largest = 0;
        for (double g : gradient) {
            largest = Math.max(largest, Math.abs(g));
        }
        double error = largest == 0 ? Double.POSITIVE_INFINITY : 0;
        int[] perturbed = elements >= gradient.length
                ? IntStream.range(0, gradient.length).toArray()
                : random.ints(elements, 0, gradient.length).toArray();
        for (int i : perturbed) {
            double[] direction = new double[gradient.length];
            direction[i] = 1;
            double scale = Math.max(Math.abs(gradient[i]), 0.01 * largest);
            error = Math.max(error, Math.abs(slope(tensor, direction) - gradient[i]) / scale);
        }
        return error;
    }

    private double directionError(Tensor tensor, double[] gradient) {
        double[] direction = new double[gradient.length];
        double along = 0;
        double squares = 0;
        for (int i = 0; i < gradient.length; i++) {
            direction[i] = random.nextBoolean() ? 1 : -1;
            along += direction[i] * gradient[i];
            squares += gradient[i] * gradient[i];
        }
        return Math.abs(slope(tensor, direction) - along) / Math.sqrt(squares);
    }

    private double slope(Tensor tensor, double[] direction) {
        double[] before = IntStream.range(0, direction.length)
                .mapToDouble(i -> backend.get(tensor, i))
                .toArray();
        move(tensor, before, direction, STEP);
        double above = loss.getAsDouble();
        move(tensor, before, direction, -STEP);
        double below = loss.getAsDouble();
        move(tensor, before, direction, 0);
        return (above - below) / (2 * STEP);
    }

    private void move(Tensor tensor, double[] from, double[] direction, double step) {
        for (int i = 0; i < from.length; i++) {
            backend.set(tensor, i, from[i] + step * direction[i]);
        }
    }
}
