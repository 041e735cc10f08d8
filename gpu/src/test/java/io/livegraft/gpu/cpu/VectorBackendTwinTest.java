package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every operation of the vector backend against the reference, on prime sizes so that tails can't hide. */
class VectorBackendTwinTest {
    @TestFactory
    Stream<DynamicTest> everyOperationAgrees() {
        return TwinCases.all().entrySet().stream()
                .map(one -> DynamicTest.dynamicTest(one.getKey(), () -> {
                    try (VectorBackend vector = new VectorBackend(2)) {
                        run(one.getValue(), new TwinBackend(new ReferenceBackend(), vector));
                    }
                }));
    }

    @Test
    void everyOperationOfTheInterfaceHasACaseAndNoToleranceIsFarFromWhatIsSeen() {
        try (VectorBackend vector = new VectorBackend(2)) {
            TwinBackend twins = new TwinBackend(new ReferenceBackend(), vector);
            TwinCases.all().values().forEach(one -> run(one, twins));
            List<String> forgotten = Arrays.stream(Backend.class.getMethods())
                    .filter(method -> !twins.compared().contains(method))
                    .map(Method::getName)
                    .filter(name -> !List.of("profile", "chainRows", "close", "download")
                            .contains(name))
                    .toList();
            assertEquals(List.of(), forgotten);
            twins.largestDifferences()
                    .forEach((row, seen) ->
                            assertTrue(seen >= row.relative() / 10, row + " allows ten times more than " + seen));
        }
    }

    @Test
    void aProductThatIsOffByTenToTheMinusFiveWouldBeSeen() {
        try (VectorBackend vector = new VectorBackend(1)) {
            Backend wrong = (Backend) Proxy.newProxyInstance(
                    Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                        if (method.getName().equals("multiply")) {
                            arguments[5] = (float) arguments[5] * 1.00001f;
                        }
                        return method.invoke(vector, arguments);
                    });
            TwinBackend twins = new TwinBackend(new ReferenceBackend(), wrong);
            assertThrows(
                    AssertionError.class,
                    () -> run((both, random) -> TwinCases.product(both, random, Arithmetic.FLOAT32), twins));
        }
    }

    private static void run(BiConsumer<Backend, Random> steps, TwinBackend twins) {
        steps.accept(twins.both(), new Random(1));
    }
}
