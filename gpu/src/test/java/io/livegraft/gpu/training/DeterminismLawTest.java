package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Law 3 through whole trainings: the same inputs give the same bits for every thread count, checkpointing policy, company and
 * compiler.
 */
class DeterminismLawTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.cpu.DistinctKernels#choices")
    void twoHundredStepsHaveOneDigestForEveryThreadCountCheckpointingAndCompany(KernelChoice kernels) {
        Path base = TinyQlora.base(directory, 64, 176, 96);
        Map<String, String> digests = new TreeMap<>();
        for (int threads : new int[] {1, 2}) {
            try (Backend backend = new VectorBackend(threads, kernels.kernels())) {
                for (GradientCheckpointing policy : List.of(GradientCheckpointing.NONE, GradientCheckpointing.FULL)) {
                    for (boolean neighbours : new boolean[] {false, true}) {
                        digests.put(
                                "%d threads, checkpointing %s, neighbours %s".formatted(threads, policy, neighbours),
                                TinyQlora.digest(backend, base, 200, policy, neighbours));
                    }
                }
            }
        }
        assertEquals(8, digests.size());
        assertEquals(1, digests.values().stream().distinct().count(), digests::toString);
    }

    /** Vector widths are the CPU's to choose; these flags hide the wider ones and, at 0, the fused multiply-add too. */
    @Test
    void interpretedHalfCompiledAndWithNarrowerVectorsTheDigestIsTheSame() throws Exception {
        Path base = TinyQlora.base(directory, 16, 24, 32);
        int steps = 3;
        Map<String, String> digests = new TreeMap<>();
        try (Backend backend = new VectorBackend(2)) {
            digests.put("here", TinyQlora.digest(backend, base, steps, GradientCheckpointing.NONE, false));
        }
        for (String flag : otherMachines()) {
            digests.put(flag, run(flag, base, steps));
        }
        assertEquals(1, digests.values().stream().distinct().count(), digests::toString);
    }

    private static List<String> otherMachines() {
        List<String> flags = new ArrayList<>(List.of("-Xint", "-XX:TieredStopAtLevel=1"));
        if (System.getProperty("os.arch").equals("amd64")) {
            flags.addAll(List.of("-XX:UseAVX=0", "-XX:UseAVX=2"));
        }
        return flags;
    }

    private static String run(String flag, Path base, int steps) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        flag,
                        "--add-modules=jdk.incubator.vector",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        QloraRun.class.getName(),
                        base.toString(),
                        Integer.toString(steps))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader()) {
            List<String> lines = output.lines().toList();
            assertEquals(0, process.waitFor(), flag);
            return lines.getLast();
        }
    }

    /** The mutant: a product that splits its sum once there are many rows, as libraries like to do. */
    @Test
    void aProductWhoseOrderDependsOnItsRowsWouldBeSeen() {
        Path base = TinyQlora.base(directory, 64, 176, 96);
        try (Backend backend = new VectorBackend(1)) {
            Backend mutant = splitting(backend, 64);
            String alone = TinyQlora.digest(mutant, base, 2, GradientCheckpointing.NONE, false);
            assertEquals(TinyQlora.digest(backend, base, 2, GradientCheckpointing.NONE, false), alone);
            assertNotEquals(TinyQlora.digest(mutant, base, 2, GradientCheckpointing.NONE, true), alone);
        }
    }

    private static Backend splitting(Backend backend, int rows) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("linear")
                            && arguments[0] instanceof List<?> ys
                            && arguments[1] instanceof Tensor x
                            && x.rows() > rows) {
                        List<Tensor> halves = ys.stream()
                                .map(Tensor.class::cast)
                                .map(y -> backend.allocate(y.rows(), y.columns()))
                                .toList();
                        List<LinearWeight> weights = ((List<?>) arguments[2])
                                .stream().map(LinearWeight.class::cast).toList();
                        backend.linear(halves, masked(backend, x, 0), weights, Phase.TRAINING);
                        Object[] rest = arguments.clone();
                        rest[1] = masked(backend, x, 1);
                        method.invoke(backend, rest);
                        for (int i = 0; i < halves.size(); i++) {
                            backend.add((Tensor) ys.get(i), halves.get(i));
                        }
                        return null;
                    }
                    return method.invoke(backend, arguments);
                });
    }

    /** Every second channel, from {@code first} on; zeros between. */
    private static Tensor masked(Backend backend, Tensor x, int first) {
        float[] values = new float[x.rows() * x.columns()];
        backend.download(values, x);
        for (int i = 1 - first; i < values.length; i += 2) {
            values[i] = 0;
        }
        return backend.upload(values, x.rows(), x.columns());
    }
}
