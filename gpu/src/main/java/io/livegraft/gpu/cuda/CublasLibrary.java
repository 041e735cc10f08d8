package io.livegraft.gpu.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The machine's own cuBLAS, 13 or 12, never required: that of {@code CUDA_HOME}, what the loader finds by name, that of
 * {@code /usr/local/cuda}, that of a Python installation.
 */
public final class CublasLibrary {
    private static final List<Integer> MAJORS = List.of(13, 12);

    private final int major;
    private final String from;
    private final SymbolLookup symbols;

    private CublasLibrary(int major, String from, SymbolLookup symbols) {
        this.major = major;
        this.from = from;
        this.symbols = symbols;
    }

    public static Optional<CublasLibrary> find() {
        return find(System.getenv(), Path.of("/"));
    }

    /** @param root of the folders that have no variable */
    static Optional<CublasLibrary> find(Map<String, String> environment, Path root) {
        for (int major : MAJORS) {
            String name = "libcublas.so." + major;
            for (String file : candidates(name, environment, root)) {
                Optional<CublasLibrary> opened = open(file, major);
                if (opened.isPresent()) {
                    return opened;
                }
            }
        }
        return Optional.empty();
    }

    /** Files that are there, and the bare name, which the loader looks up. */
    private static List<String> candidates(String name, Map<String, String> environment, Path root) {
        List<Path> folders = new ArrayList<>();
        paths(environment, "CUDA_HOME", "CUDA_PATH").forEach(home -> folders.add(home.resolve("lib64")));
        List<String> files = new ArrayList<>(present(name, folders));
        files.add(name);
        List<Path> others = new ArrayList<>(List.of(root.resolve("usr/local/cuda/lib64")));
        Stream.concat(
                        paths(environment, "VIRTUAL_ENV", "CONDA_PREFIX"),
                        Stream.of(root.resolve("usr/local"), root.resolve("usr"), root.resolve("opt/conda")))
                .forEach(prefix -> others.addAll(ofPython(prefix.resolve("lib"))));
        paths(environment, "HOME").forEach(home -> others.addAll(ofPython(home.resolve(".local/lib"))));
        files.addAll(present(name, others));
        return files;
    }

    private static Stream<Path> paths(Map<String, String> environment, String... names) {
        return Stream.of(names)
                .map(environment::get)
                .filter(value -> value != null && !value.isBlank())
                .map(Path::of);
    }

    private static List<String> present(String name, List<Path> folders) {
        return folders.stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::isRegularFile)
                .map(Path::toString)
                .toList();
    }

    /** As {@code python3.12/site-packages/nvidia/cublas/lib}. */
    private static List<Path> ofPython(Path lib) {
        return within(lib, "python3*").stream()
                .flatMap(python -> Stream.of(python.resolve("site-packages"), python.resolve("dist-packages")))
                .flatMap(packages -> within(packages.resolve("nvidia"), "*").stream())
                .map(wheel -> wheel.resolve("lib"))
                .toList();
    }

    private static List<Path> within(Path folder, String glob) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
            entries.forEach(found::add);
        } catch (IOException absent) {
            return List.of();
        }
        found.sort(null);
        return found;
    }

    /** Empty where it can't be loaded or lacks a function. */
    static Optional<CublasLibrary> open(String file, int major) {
        try {
            Path beside = Path.of(file).resolveSibling("libcublasLt.so." + major);
            if (beside.isAbsolute() && Files.isRegularFile(beside)) {
                symbols(beside.toString()); // what it needs, which the loader might not find
            }
            SymbolLookup symbols = symbols(file);
            boolean whole = Cublas.FUNCTIONS.stream()
                    .allMatch(name -> symbols.find(name).isPresent());
            return whole ? Optional.of(new CublasLibrary(major, file, symbols)) : Optional.empty();
        } catch (IllegalArgumentException unloadable) {
            return Optional.empty();
        }
    }

    @SuppressWarnings("restricted") // the launcher allows native access
    private static SymbolLookup symbols(String file) {
        return file.startsWith("/")
                ? SymbolLookup.libraryLookup(Path.of(file), Arena.global())
                : SymbolLookup.libraryLookup(file, Arena.global());
    }

    int major() {
        return major;
    }

    SymbolLookup symbols() {
        return symbols;
    }

    /** As {@code cublas-13}. */
    public String name() {
        return "cublas-" + major;
    }

    @Override
    public String toString() {
        return name() + " of " + from;
    }
}
