package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels under AddressSanitizer and UndefinedBehaviorSanitizer, in a process that loads these first. */
class SanitizedKernelsTest {
    @TempDir
    private Path folder;

    private record Ended(int code, String output) {}

    @Test
    void kernelsTouchOnlyWhatIsTheirs() throws Exception {
        Ended ended = run();
        assertEquals(0, ended.code(), ended.output());
    }

    @Test
    void anArrayThatIsOneTooShortIsFound() throws Exception {
        String source = Files.readString(HostCompiler.KERNELS.resolve("product_fp32.cu"));
        String mutated = source.replace("SHARED(float, right, depth * padded)", "SHARED(float, right, depth * side)");
        assertNotEquals(source, mutated);
        Files.writeString(folder.resolve("product_fp32.cu"), mutated);
        Ended ended = run();
        assertNotEquals(0, ended.code());
        boolean found =
                ended.output().contains("AddressSanitizer") || ended.output().contains("runtime error");
        assertTrue(found, ended.output());
    }

    private Ended run() throws Exception {
        Assumptions.assumeTrue(HostCompiler.present(), "no g++ to build kernels with");
        Path sanitizer = sanitizer();
        Assumptions.assumeTrue(sanitizer.isAbsolute(), "g++ has no AddressSanitizer");
        Path output = folder.resolve("output.txt");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-D" + HostCompiler.SANITIZE + "=true",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        KernelSlice.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("LD_PRELOAD", sanitizer.toString());
        // The virtual machine has its own signals and never gives its memory back.
        builder.environment()
                .put("ASAN_OPTIONS", "detect_leaks=0:handle_segv=0:handle_sigfpe=0:handle_sigill=0:handle_sigbus=0");
        Process process = builder.start();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        return new Ended(process.waitFor(), Files.readString(output));
    }

    /** As g++ says it; a bare name where it has none. */
    private static Path sanitizer() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of("g++", "-print-file-name=libasan.so")).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return Path.of(said.strip());
    }
}
