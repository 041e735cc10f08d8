package io.livegraft.gpu.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** g++ for CUDA sources behind the shim and for the stand-in driver; a library is built once for a text and its options. */
final class HostCompiler {
    static final Path KERNELS = Path.of("src/main/cuda");
    static final Path SHIM = Path.of("src/test/cuda");
    private static final Path BUILT = Path.of("target/cuda/host");

    /** Set in a process that has the sanitizers' libraries loaded. */
    static final String SANITIZE = "livegraft.kernels.sanitize";

    private HostCompiler() {}

    static boolean present() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "g++")));
    }

    /** The library of one kernel source, such as {@code element.cu}. */
    static Path kernels(String source, String... options) {
        return kernels(KERNELS.resolve(source), options);
    }

    static Path kernels(Path source, String... options) {
        List<String> all = new ArrayList<>(List.of("-ffp-contract=off", "-march=native", "-x", "c++"));
        all.addAll(List.of(options));
        return library(source, all);
    }

    /** Of all sources, by module and name as in {@code norm.rms_norm}. */
    static List<String> kernelNames() {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(KERNELS)) {
            for (Path source : files.filter(file -> file.toString().endsWith(".cu"))
                    .sorted()
                    .toList()) {
                String file = String.valueOf(source.getFileName());
                String module = file.substring(0, file.length() - ".cu".length());
                symbols(kernels(file)).forEach(name -> names.add(module + "." + name));
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return names;
    }

    /** A kernel is the only data that a library shows: {@code 0000000000007b40 D name}. */
    private static List<String> symbols(Path library) throws IOException {
        Process process = new ProcessBuilder("nm", "-D", "--defined-only", library.toString()).start();
        try (BufferedReader lines = process.inputReader()) {
            return lines.lines()
                    .filter(line -> line.contains(" D "))
                    .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                    .toList();
        }
    }

    static Path driver() {
        return library(SHIM.resolve("driver.cpp"), List.of("-Wl,-soname,libcuda.so.1"));
    }

    /** The library that stands in for cuBLAS 13. */
    static Path cublas() {
        return library(SHIM.resolve("cublas.cpp"), List.of());
    }

    private static Path library(Path source, List<String> options) {
        List<String> command = new ArrayList<>(List.of("g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror"));
        if (Boolean.getBoolean(SANITIZE)) {
            command.addAll(List.of("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"));
        }
        command.addAll(List.of("-fPIC", "-shared", "-I", KERNELS.toString(), "-I", SHIM.toString()));
        command.addAll(options);
        try {
            Path library = BUILT.resolve(digest(source, command) + ".so").toAbsolutePath();
            if (!Files.exists(library)) {
                Files.createDirectories(BUILT);
                Path fresh = Files.createTempFile(BUILT, "fresh", ".so");
                run(Stream.concat(command.stream(), Stream.of(source.toString(), "-o", fresh.toString(), "-ldl"))
                        .toList());
                Files.move(fresh, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            return library;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static void run(List<String> command) throws IOException {
        Path output = Files.createTempFile(BUILT, "compiler", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + "\n" + Files.readString(output));
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while compiling", stop);
        } finally {
            process.destroyForcibly();
        }
        Files.delete(output);
    }

    /** Of the command, the source and everything that a source may include. */
    private static String digest(Path source, List<String> command) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(String.join(" ", command).getBytes(UTF_8));
            digest.update(Files.readAllBytes(source));
            for (Path folder : List.of(source.toAbsolutePath().getParent(), KERNELS, SHIM)) {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path header :
                            files.filter(HostCompiler::isHeader).sorted().toList()) {
                        digest.update(Files.readAllBytes(header));
                    }
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static boolean isHeader(Path file) {
        return file.toString().endsWith(".h") || file.toString().endsWith(".cuh");
    }
}
