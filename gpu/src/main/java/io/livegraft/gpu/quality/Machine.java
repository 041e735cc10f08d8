package io.livegraft.gpu.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Where something was measured.
 *
 * @param cores that the JVM may use
 * @param cpu its name, or the architecture where the system does not tell
 */
public record Machine(int cores, String cpu, String jvm, String system) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** This one. */
    public static Machine current() {
        return new Machine(
                Runtime.getRuntime().availableProcessors(),
                cpuName(),
                "%s %s".formatted(System.getProperty("java.vm.name"), System.getProperty("java.vm.version")),
                "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }

    private static String cpuName() {
        String architecture = System.getProperty("os.arch");
        if (!Files.isReadable(CPU_INFO)) {
            return architecture;
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(architecture);
        } catch (IOException unreadable) {
            return architecture;
        }
    }
}
