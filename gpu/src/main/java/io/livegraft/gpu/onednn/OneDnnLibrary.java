package io.livegraft.gpu.onednn;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Objects;

/**
 * The shared libraries of oneDNN as the bytedeco artifact packs them for this platform: {@code libgomp} and {@code libdnnl},
 * unpacked once into a folder that later starts use again.
 *
 * @param openMp functions of libgomp, which counts oneDNN's own threads
 * @param oneDnn functions of libdnnl
 */
record OneDnnLibrary(SymbolLookup openMp, SymbolLookup oneDnn) {
    /** For the life of the process: libraries that hold threads are not unloaded. */
    private static final Arena ARENA = Arena.global();

    /** Unpacks into {@code directory} and loads; an {@link IOException} says what is missing. */
    @SuppressWarnings("restricted") // the launcher allows native access
    static OneDnnLibrary open(Path directory) throws IOException {
        String folder = "/org/bytedeco/dnnl/" + platform() + "/";
        Path openMp = unpack(folder + "libgomp.so.1", directory);
        Path oneDnn = unpack(folder + "libdnnl.so.3", directory);
        try {
            return new OneDnnLibrary(
                    SymbolLookup.libraryLookup(openMp, ARENA), SymbolLookup.libraryLookup(oneDnn, ARENA));
        } catch (IllegalArgumentException refused) {
            throw new IOException("the system's loader refuses it: " + refused.getMessage(), refused);
        }
    }

    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor =
                switch (System.getProperty("os.arch")) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64" -> "arm64";
                    default -> System.getProperty("os.arch");
                };
        return (system.startsWith("linux") ? "linux" : system.replace(' ', '-')) + "-" + processor;
    }

    /** The size stands in the folder's name, so that another version is another file. */
    private static Path unpack(String resource, Path directory) throws IOException {
        URL url = OneDnnLibrary.class.getResource(resource);
        if (url == null) {
            throw new IOException("the class path has no " + resource);
        }
        long bytes = url.openConnection().getContentLengthLong();
        Path folder = Files.createDirectories(directory.resolve("onednn-" + bytes));
        Path name = Objects.requireNonNull(Path.of(resource).getFileName());
        Path library = folder.resolve(name);
        if (!Files.exists(library) || Files.size(library) != bytes) {
            Path partial = Files.createTempFile(folder, name.toString(), ".part");
            try (InputStream in = url.openStream()) {
                Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(partial, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        return library;
    }
}
