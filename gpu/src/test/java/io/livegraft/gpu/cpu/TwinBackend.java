package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A backend that runs every operation on the reference and on its twin and compares, after each, every tensor that took part.
 * Then the reference goes on from the twin's values, so that an operation answers for its own error only, even deep in a
 * training step.
 */
final class TwinBackend {
    private record Tensors(Tensor reference, Tensor twin) implements Tensor {
        @Override
        public int rows() {
            return twin.rows();
        }

        @Override
        public int columns() {
            return twin.columns();
        }
    }

    private record Weights(LinearWeight reference, LinearWeight twin, Precision precision) implements LinearWeight {
        @Override
        public int outputFeatures() {
            return twin.outputFeatures();
        }

        @Override
        public int inputFeatures() {
            return twin.inputFeatures();
        }

        @Override
        public long bytes() {
            return twin.bytes();
        }
    }

    private record Caches(KvCache reference, KvCache twin) implements KvCache {
        @Override
        public int capacity() {
            return twin.capacity();
        }

        @Override
        public long bytes() {
            return twin.bytes();
        }
    }

    private final ReferenceBackend reference;
    private final Backend twin;
    private final Set<Method> compared = new LinkedHashSet<>();
    private final Map<TwinTolerance, Double> largest = new EnumMap<>(TwinTolerance.class);

    TwinBackend(ReferenceBackend reference, Backend twin) {
        this.reference = reference;
        this.twin = twin;
    }

    Backend both() {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> invoke(method, arguments == null ? new Object[0] : arguments));
    }

    /** Operations that ran so far. */
    Set<Method> compared() {
        return compared;
    }

    /** The largest relative difference seen so far, by row of the table. */
    Map<TwinTolerance, Double> largestDifferences() {
        return largest;
    }

    private @Nullable Object invoke(Method method, Object[] arguments) throws ReflectiveOperationException {
        compared.add(method);
        Object expected = call(reference, method, side(arguments, this::referenceOf));
        Object actual = call(twin, method, side(arguments, this::twinOf));
        TwinTolerance tolerance = tolerance(method, arguments);
        for (Object argument : arguments) {
            if (argument instanceof Tensors tensors) {
                compare(method, tensors, tolerance);
            }
        }
        return switch (actual) {
            case Tensor tensor -> {
                Tensors tensors = new Tensors((Tensor) expected, tensor);
                compare(method, tensors, tolerance);
                yield tensors;
            }
            case LinearWeight weight -> new Weights((LinearWeight) expected, weight, precision(arguments));
            case KvCache cache -> new Caches((KvCache) expected, cache);
            case Double value -> {
                close(method, tolerance, new double[] {(double) expected}, new double[] {value});
                yield value;
            }
            case null -> null;
            default -> actual;
        };
    }

    /** Of a weight to freeze. */
    private static Precision precision(Object[] arguments) {
        return arguments[0] instanceof QuantizedTensor quantized ? quantized.precision() : (Precision) arguments[1];
    }

    private static TwinTolerance tolerance(Method method, Object[] arguments) {
        for (Object argument : arguments) {
            if (argument instanceof Weights weights) {
                return TwinTolerance.ofLinear(weights.precision());
            }
        }
        return TwinTolerance.of(method.getName());
    }

    private void compare(Method method, Tensors tensors, TwinTolerance tolerance) {
        int size = tensors.rows() * tensors.columns();
        assertEquals(size, tensors.reference().rows() * tensors.reference().columns(), method.getName());
        float[] values = new float[size];
        twin.download(values, tensors.twin());
        double[] expected = new double[size];
        double[] actual = new double[size];
        for (int i = 0; i < size; i++) {
            expected[i] = reference.get(tensors.reference(), i);
            actual[i] = values[i];
            reference.set(tensors.reference(), i, values[i]);
        }
        close(method, tolerance, expected, actual);
    }

    private void close(Method method, TwinTolerance tolerance, double[] expected, double[] actual) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertArrayEquals(expected, actual, tolerance.relative() * scale, method.getName());
        for (int i = 0; i < expected.length && scale > 0; i++) {
            largest.merge(tolerance, Math.abs(expected[i] - actual[i]) / scale, Math::max);
        }
    }

    private Object referenceOf(Object argument) {
        return switch (argument) {
            case Tensors(var one, var other) -> one;
            case Weights(var one, var other, var precision) -> one;
            case Caches(var one, var other) -> one;
            default -> argument;
        };
    }

    private Object twinOf(Object argument) {
        return switch (argument) {
            case Tensors(var one, var other) -> other;
            case Weights(var one, var other, var precision) -> other;
            case Caches(var one, var other) -> other;
            default -> argument;
        };
    }

    private static Object[] side(Object[] arguments, Function<Object, Object> side) {
        return Arrays.stream(arguments).map(side).toArray();
    }

    private static Object call(Backend backend, Method method, Object[] arguments) throws ReflectiveOperationException {
        try {
            return method.invoke(backend, arguments);
        } catch (InvocationTargetException e) {
            throw new AssertionError(backend.profile() + " fails in " + method.getName(), e.getCause());
        }
    }
}
