package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.livegraft.gpu.backend.AdamWPart;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.DrawnLogits;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A backend that runs every operation on the reference and on its twin and compares, after each, every tensor that took part.
 * Then the reference goes on from the twin's values, so that an operation answers for its own error only, even deep in a
 * training step.
 */
public final class TwinBackend {
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

    private record Pages(KvPages reference, KvPages twin, Arithmetic arithmetic) implements KvPages {
        @Override
        public int count() {
            return twin.count();
        }

        @Override
        public int pageTokens() {
            return twin.pageTokens();
        }

        @Override
        public long pageBytes() {
            return twin.pageBytes();
        }
    }

    /** The same pages of another memory. */
    private static KvCache over(KvPages memory, KvCache cache) {
        KvCache other = new KvCache(memory, cache.capacity());
        for (int i = 0; i < cache.pages(); i++) {
            other.add(cache.table()[i]);
        }
        return other;
    }

    private record BothFactors(Factor reference, Factor twin) implements Factor {}

    private record Workspaces(Workspace reference, Workspace twin) implements Workspace {
        @Override
        public Scope use() {
            return both(reference.use(), twin.use());
        }

        @Override
        public long bytes() {
            return twin.bytes();
        }

        @Override
        public void close() {
            reference.close();
            twin.close();
        }
    }

    /** Of {@link Backend#factors}, the only sliced work that a backend gives. */
    private static SlicedWork<Factors> both(SlicedWork<?> reference, SlicedWork<?> twin) {
        return reference.then(one -> twin.map(other -> both((Factors) one, (Factors) other)));
    }

    private static Factors both(Factors reference, Factors twin) {
        List<Factor> pairs = IntStream.range(0, twin.all().size())
                .<Factor>mapToObj(
                        i -> new BothFactors(reference.all().get(i), twin.all().get(i)))
                .toList();
        return new Factors(pairs, () -> {
            reference.close();
            twin.close();
        });
    }

    private static Workspace.Scope both(Workspace.Scope reference, Workspace.Scope twin) {
        return () -> {
            reference.close();
            twin.close();
        };
    }

    private final ReferenceBackend reference;
    private final Backend twin;
    private final boolean rounds;
    private final Set<Method> compared = new LinkedHashSet<>();
    private final Map<TwinTolerance, Double> largest = new EnumMap<>(TwinTolerance.class);

    /** Of a twin that rounds no operand, whatever the arithmetic permits. */
    public TwinBackend(ReferenceBackend reference, Backend twin) {
        this(reference, twin, false);
    }

    /** @param rounds whether the twin makes use of {@link Arithmetic#BFLOAT16} */
    public TwinBackend(ReferenceBackend reference, Backend twin, boolean rounds) {
        this.reference = reference;
        this.twin = twin;
        this.rounds = rounds;
    }

    public Backend both() {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> invoke(method, arguments == null ? new Object[0] : arguments));
    }

    /** Operations that ran so far. */
    public Set<Method> compared() {
        return compared;
    }

    /** The largest relative difference seen so far, by row of the table. */
    Map<TwinTolerance, Double> largestDifferences() {
        return largest;
    }

    private @Nullable Object invoke(Method method, Object[] arguments) throws ReflectiveOperationException {
        compared.add(method);
        List<Tensors> tensors = parts(arguments)
                .filter(Tensors.class::isInstance)
                .map(Tensors.class::cast)
                .toList();
        List<double[]> before =
                tensors.stream().map(one -> values(one.reference())).toList();
        Object expected = call(reference, method, side(arguments, this::referenceOf));
        Object actual = call(twin, method, side(arguments, this::twinOf));
        TwinTolerance tolerance = tolerance(method, arguments);
        compare(method, tensors, before, tolerance);
        return switch (actual) {
            case Tensor tensor when method.getName().equals("allocateUnset") -> new Tensors((Tensor) expected, tensor);
            case Tensor tensor -> {
                Tensors made = new Tensors((Tensor) expected, tensor);
                compare(method, List.of(made), List.of(values(made.reference())), tolerance);
                yield made;
            }
            case LinearWeight weight -> new Weights((LinearWeight) expected, weight, precision(arguments));
            case Factor factor -> new BothFactors((Factor) expected, factor);
            case SlicedWork<?> work -> both((SlicedWork<?>) expected, work);
            case KvPages pages -> new Pages((KvPages) expected, pages, arithmetic(arguments));
            case KvCache cache ->
                over(new Pages(((KvCache) expected).memory(), cache.memory(), arithmetic(arguments)), cache);
            case Workspace workspace -> new Workspaces((Workspace) expected, workspace);
            case Workspace.Scope scope -> both((Workspace.Scope) expected, scope);
            case Double value -> {
                double[] sum = {(double) expected};
                close(method, tolerance, sum, new double[] {value}, largest(sum));
                yield value;
            }
            case LargestLogits(var ids, var values) -> {
                assertArrayEquals(((LargestLogits) expected).ids(), ids, method.getName());
                assertArrayEquals(((LargestLogits) expected).values(), values, 0, method.getName());
                yield actual;
            }
            case DrawnLogits(var ids, var values) -> {
                assertArrayEquals(((DrawnLogits) expected).ids(), ids, method.getName());
                assertArrayEquals(((DrawnLogits) expected).values(), values, 0, method.getName());
                yield actual;
            }
            case double[] values -> {
                double[] sums = (double[]) expected;
                close(method, tolerance, sums, values, largest(sums));
                yield values;
            }
            case null -> null;
            default -> actual;
        };
    }

    /** Of a weight to freeze. */
    private static Precision precision(Object[] arguments) {
        return arguments[0] instanceof QuantizedTensor quantized ? quantized.precision() : (Precision) arguments[1];
    }

    private static Arithmetic arithmetic(Object[] arguments) {
        return Arrays.stream(arguments)
                .filter(Arithmetic.class::isInstance)
                .map(Arithmetic.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private static boolean permitsRounding(Object argument) {
        return switch (argument) {
            case Arithmetic arithmetic -> arithmetic == Arithmetic.BFLOAT16;
            case Weights weights -> Arithmetic.beside(weights.precision()) == Arithmetic.BFLOAT16;
            case KvCache cache -> cache.memory() instanceof Pages pages && pages.arithmetic() == Arithmetic.BFLOAT16;
            default -> false;
        };
    }

    private TwinTolerance tolerance(Method method, Object[] arguments) {
        if (rounds
                && (method.getName().equals("sumOfSquares")
                        || parts(arguments).anyMatch(TwinBackend::permitsRounding))) {
            return TwinTolerance.ofRounded(method.getName());
        }
        return parts(arguments)
                .filter(Weights.class::isInstance)
                .filter(_ -> !method.getName().equals("embed"))
                .map(Weights.class::cast)
                .map(weights -> TwinTolerance.ofLinear(weights.precision()))
                .max(Comparator.comparingDouble(TwinTolerance::relative))
                .orElseGet(() -> TwinTolerance.of(method.getName()));
    }

    /** Arguments, and elements of those that are lists, products or factors. */
    static Stream<Object> parts(Object[] arguments) {
        return Arrays.stream(arguments).flatMap(TwinBackend::parts);
    }

    private static Stream<Object> parts(Object argument) {
        return switch (argument) {
            case List<?> list -> list.stream().flatMap(TwinBackend::parts);
            case Product product ->
                Stream.of(product.c(), product.a(), product.b()).flatMap(TwinBackend::parts);
            case TensorFactor factor -> Stream.of(factor.tensor());
            case LowRankRows rows -> Stream.of(rows.x(), rows.pairs()).flatMap(TwinBackend::parts);
            case Optional<?> optional -> optional.stream().flatMap(TwinBackend::parts);
            case LowRankPair pair -> Stream.of(pair.shrink(), pair.expand()).flatMap(TwinBackend::parts);
            case AdamWPart part -> Stream.of(part.p(), part.m(), part.v(), part.g());
            case LowRankGradient g -> Stream.of(g.dx(), g.dy(), g.x(), g.a(), g.b(), g.aGradient(), g.bGradient());
            default -> Stream.of(argument);
        };
    }

    /** Against the largest value that the operation wrote, in whichever tensor; what it only read must be untouched. */
    private void compare(Method method, List<Tensors> tensors, List<double[]> before, TwinTolerance tolerance) {
        List<double[]> expected =
                tensors.stream().map(one -> values(one.reference())).toList();
        double scale = 0;
        for (int i = 0; i < before.size(); i++) {
            if (!Arrays.equals(before.get(i), expected.get(i))) {
                scale = Math.max(scale, largest(expected.get(i)));
            }
        }
        for (int i = 0; i < before.size(); i++) {
            boolean written = !Arrays.equals(before.get(i), expected.get(i));
            close(method, tolerance, expected.get(i), resynchronised(tensors.get(i)), written ? scale : 0);
        }
    }

    /** The twin's values, which the reference goes on with. */
    private double[] resynchronised(Tensors tensors) {
        float[] values = new float[tensors.rows() * tensors.columns()];
        twin.download(values, tensors.twin());
        double[] actual = new double[values.length];
        for (int i = 0; i < actual.length; i++) {
            actual[i] = values[i];
            reference.set(tensors.reference(), i, values[i]);
        }
        return actual;
    }

    private double[] values(Tensor tensor) {
        return IntStream.range(0, tensor.rows() * tensor.columns())
                .mapToDouble(i -> reference.get(tensor, i))
                .toArray();
    }

    private void close(Method method, TwinTolerance tolerance, double[] expected, double[] actual, double scale) {
        assertArrayEquals(expected, actual, tolerance.relative() * scale, method.getName());
        for (int i = 0; i < expected.length && scale > 0; i++) {
            largest.merge(tolerance, Math.abs(expected[i] - actual[i]) / scale, Math::max);
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }

    private static LowRankGradient side(LowRankGradient g, UnaryOperator<Tensor> side) {
        return new LowRankGradient(
                side.apply(g.dx()),
                side.apply(g.dy()),
                side.apply(g.x()),
                side.apply(g.a()),
                side.apply(g.b()),
                side.apply(g.aGradient()),
                side.apply(g.bGradient()),
                g.scaling());
    }

    private static LowRankRows side(LowRankRows rows, UnaryOperator<Object> side) {
        List<Optional<LowRankPair>> pairs = rows.pairs().stream()
                .map(pair -> pair.map(some -> new LowRankPair(
                        some.rank(),
                        (Factor) side.apply(some.shrink()),
                        (Factor) side.apply(some.expand()),
                        some.scaling())))
                .toList();
        return new LowRankRows((Tensor) side.apply(rows.x()), rows.start(), pairs);
    }

    private static AdamWPart side(AdamWPart part, UnaryOperator<Tensor> side) {
        return new AdamWPart(
                side.apply(part.p()), side.apply(part.m()), side.apply(part.v()), side.apply(part.g()), part.step());
    }

    private Object referenceOf(Object argument) {
        return switch (argument) {
            case AdamWPart part -> side(part, tensor -> (Tensor) referenceOf(tensor));
            case LowRankGradient g -> side(g, tensor -> (Tensor) referenceOf(tensor));
            case LowRankRows rows -> side(rows, this::referenceOf);
            case Tensors(var one, var other) -> one;
            case Weights(var one, var other, var precision) -> one;
            case BothFactors(var one, var other) -> one;
            case Pages(var one, var other, var arithmetic) -> one;
            case KvCache cache -> over((KvPages) referenceOf(cache.memory()), cache);
            case TensorFactor(var tensor, var operand) -> new TensorFactor((Tensor) referenceOf(tensor), operand);
            case Product p ->
                new Product(
                        (Tensor) referenceOf(p.c()),
                        (Tensor) referenceOf(p.a()),
                        p.aOperand(),
                        (Factor) referenceOf(p.b()),
                        p.scale(),
                        p.accumulate());
            case List<?> list -> list.stream().map(this::referenceOf).toList();
            default -> argument;
        };
    }

    private Object twinOf(Object argument) {
        return switch (argument) {
            case AdamWPart part -> side(part, tensor -> (Tensor) twinOf(tensor));
            case LowRankGradient g -> side(g, tensor -> (Tensor) twinOf(tensor));
            case LowRankRows rows -> side(rows, this::twinOf);
            case Tensors(var one, var other) -> other;
            case Weights(var one, var other, var precision) -> other;
            case BothFactors(var one, var other) -> other;
            case Pages(var one, var other, var arithmetic) -> other;
            case KvCache cache -> over((KvPages) twinOf(cache.memory()), cache);
            case TensorFactor(var tensor, var operand) -> new TensorFactor((Tensor) twinOf(tensor), operand);
            case Product p ->
                new Product(
                        (Tensor) twinOf(p.c()),
                        (Tensor) twinOf(p.a()),
                        p.aOperand(),
                        (Factor) twinOf(p.b()),
                        p.scale(),
                        p.accumulate());
            case List<?> list -> list.stream().map(this::twinOf).toList();
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
