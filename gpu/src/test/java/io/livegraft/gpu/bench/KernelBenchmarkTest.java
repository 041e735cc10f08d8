package io.livegraft.gpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.livegraft.gpu.quality.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link KernelBenchmark}: here only to see that it runs, on a small weight; whole, some minutes long, by
 * {@code mvn -pl gpu test -Pkernels}, which prints each figure and writes {@code gpu/target/kernels.json}.
 */
class KernelBenchmarkTest {
    private static final long SET_BYTES = 1L << 30;

    private final Optional<Path> out =
            Optional.ofNullable(System.getProperty("livegraft.kernels.out")).map(Path::of);

    @Test
    void everyKernelIsMeasured() throws RunnerException, IOException {
        Map<Integer, Ceilings> ceilings = new TreeMap<>();
        List<KernelFigure> figures = new ArrayList<>();
        for (RunResult run : run()) {
            int threads = Integer.parseInt(run.getParams().getParam("threads"));
            Ceilings machine =
                    ceilings.computeIfAbsent(threads, n -> Ceilings.measure(n, out.isPresent() ? SET_BYTES : 1 << 20));
            KernelFigure figure = figure(run, machine);
            System.out.println(figure.line());
            figures.add(figure);
        }
        for (KernelFigure figure : figures) {
            assertTrue(figure.gigabytesPerSecond() > 0, figure.line());
            assertEquals(KernelBenchmark.rows(figure.kernel()) > 0, figure.gigaflopsPerSecond() > 0, figure.line());
        }
        assertEquals(List.of("freezing", "oneRow", "panels", "prompt", "sixteenRows"), kernels(figures));
        if (out.isPresent()) {
            write(out.get(), ceilings, figures);
        }
    }

    private static List<String> kernels(List<KernelFigure> figures) {
        return figures.stream().map(KernelFigure::kernel).distinct().sorted().toList();
    }

    private Collection<RunResult> run() throws RunnerException {
        ChainedOptionsBuilder options =
                new OptionsBuilder().include(KernelBenchmark.class.getName()).shouldFailOnError(true);
        return new Runner(out.isPresent() ? options.build() : smoke(options).build()).run();
    }

    private static ChainedOptionsBuilder smoke(ChainedOptionsBuilder options) {
        return options.forks(0)
                .param("sides", "64x128")
                .param("threads", "2")
                .param("weights", "2")
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(10))
                .verbosity(VerboseMode.SILENT);
    }

    private static KernelFigure figure(RunResult run, Ceilings ceilings) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String key : run.getParams().getParamsKeys()) {
            parameters.put(key, run.getParams().getParam(key));
        }
        String name = run.getParams().getBenchmark();
        Result<?> time = run.getPrimaryResult();
        return KernelFigure.of(
                name.substring(name.lastIndexOf('.') + 1), parameters, time.getScore(), time.getScoreError(), ceilings);
    }

    private static void write(Path file, Map<Integer, Ceilings> ceilings, List<KernelFigure> figures)
            throws IOException {
        new ObjectMapper()
                .writerWithDefaultPrettyPrinter()
                .writeValue(
                        file.toFile(),
                        Map.of("machine", Machine.current(), "ceilingsByThreads", ceilings, "kernels", figures));
    }
}
