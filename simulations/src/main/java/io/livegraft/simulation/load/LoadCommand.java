package io.livegraft.simulation.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code livegraft sim load}: runs Gatling in a process of its own against a running node. */
@Command(
        name = "load",
        description = {
            "Send chat requests of several tenants to a running node at a steady random rate (Gatling, open loop).",
            "Ends with 0 when no request failed. The HTML report is in a folder below --out."
        })
public final class LoadCommand implements Callable<Integer> {
    private static final int PASSED = 0;
    private static final int FAILED = 1;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--url", paramLabel = "URL", description = "The node (default: ${DEFAULT-VALUE}).")
    private URI url = URI.create("http://127.0.0.1:8080");

    @Option(names = "--rate", paramLabel = "N", description = "Requests a second (default: ${DEFAULT-VALUE}).")
    private double rate = 2;

    @Option(names = "--seconds", paramLabel = "N", description = "How long (default: ${DEFAULT-VALUE}).")
    private long seconds = 30;

    @Option(
            names = "--tenants",
            paramLabel = "T",
            split = ",",
            description = "Models to ask, separated by commas (default: harbor,ledger,sprout).")
    private List<String> tenants = List.of("harbor", "ledger", "sprout");

    @Option(names = "--out", paramLabel = "DIR", description = "Folder of the reports (default: ${DEFAULT-VALUE}).")
    private Path out = Path.of(".livegraft", "load");

    @Option(names = "--json", description = "End with {\"passed\",\"rate\",\"seconds\",\"report\"}.")
    private boolean json;

    @Override
    public Integer call() {
        if (!(rate > 0) || seconds < 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--rate is %s and --seconds is %d, expected both above 0".formatted(rate, seconds));
        }
        PrintWriter console = spec.commandLine().getOut();
        console.println("%s requests a second for %d s to %s, models %s".formatted(rate, seconds, url, tenants));
        console.flush();
        int code = run();
        if (code != 0) {
            spec.commandLine()
                    .getErr()
                    .println("livegraft: Gatling ended with %d; its lines above say why".formatted(code));
        }
        if (json) {
            console.println(new ObjectMapper()
                    .createObjectNode()
                    .put("passed", code == 0)
                    .put("rate", rate)
                    .put("seconds", seconds)
                    .put("report", newestReport().map(Path::toString).orElse("")));
            console.flush();
        }
        return code == 0 ? PASSED : FAILED;
    }

    /** Gatling names the folder of a run after its time, so the last name is the newest. */
    private Optional<Path> newestReport() {
        try (Stream<Path> runs = Files.list(out)) {
            return runs.filter(Files::isDirectory)
                    .max(Comparator.naturalOrder())
                    .map(Path::toAbsolutePath);
        } catch (IOException nothingWritten) {
            return Optional.empty();
        }
    }

    private int run() {
        try {
            return new ProcessBuilder(command().toList()).inheritIO().start().waitFor();
        } catch (IOException broken) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "Gatling can't be started: " + broken, broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "interrupted while Gatling ran", interrupted);
        }
    }

    private Stream<String> command() {
        return Stream.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                property("url", url.toString()),
                property("rate", String.valueOf(rate)),
                property("seconds", String.valueOf(seconds)),
                property("tenants", String.join(",", tenants)),
                "io.gatling.app.Gatling",
                "--simulation",
                TenantTrafficSimulation.class.getName(),
                "--results-folder",
                out.toAbsolutePath().toString());
    }

    private static String property(String name, String value) {
        return "-D" + TenantTrafficSimulation.PREFIX + name + "=" + value;
    }
}
