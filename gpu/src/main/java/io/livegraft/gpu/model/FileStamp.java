package io.livegraft.gpu.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 over what files look like from outside, in order of their names: name, size, time of the last change and, where the
 * system has it, of the last change of status (ctime), which no program can set. Reads no contents.
 */
final class FileStamp {
    private static final String STATUS = "unix";

    private FileStamp() {}

    static String of(List<Path> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files.stream()
                    .sorted(Comparator.comparing(path -> path.getFileName().toString()))
                    .toList()) {
                digest.update(line(file).getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String line(Path file) throws IOException {
        boolean status = file.getFileSystem().supportedFileAttributeViews().contains(STATUS);
        return "%s\0%d\0%s\0%s\n"
                .formatted(
                        file.getFileName(),
                        Files.size(file),
                        Files.getLastModifiedTime(file),
                        status ? Files.getAttribute(file, STATUS + ":ctime") : "");
    }
}
