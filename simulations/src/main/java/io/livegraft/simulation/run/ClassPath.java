package io.livegraft.simulation.run;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** This process's class path with its directories packed into jars: Java keeps classes between starts for jars only. */
public final class ClassPath {
    private ClassPath() {}

    /** Jars are written into {@code directory}. */
    public static String packed(Path directory) {
        List<String> packed = new ArrayList<>();
        // Surefire's own class path is a jar that names the real one.
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String element : classPath.split(File.pathSeparator, -1)) {
            Path path = Path.of(element);
            packed.add(
                    Files.isDirectory(path)
                            ? pack(path, directory.resolve("classes-%d.jar".formatted(packed.size())))
                            : element);
        }
        return String.join(File.pathSeparator, packed);
    }

    private static String pack(Path classes, Path jar) {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> tree = Files.walk(classes)) {
            for (Path each : tree.filter(Files::isRegularFile).sorted().toList()) {
                out.putNextEntry(
                        new JarEntry(classes.relativize(each).toString().replace(File.separatorChar, '/')));
                Files.copy(each, out);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return jar.toString();
    }
}
