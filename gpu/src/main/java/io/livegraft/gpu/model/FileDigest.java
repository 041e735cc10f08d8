package io.livegraft.gpu.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 over files in order of their names; each as the length of its name, the name (UTF-8), the length of its contents
 * and the contents, lengths as 8 bytes big-endian, so that no two sets of files share their bytes.
 */
final class FileDigest {
    private static final int CHUNK_BYTES = 1 << 20;

    private FileDigest() {}

    static String of(List<Path> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[CHUNK_BYTES];
            for (Path file : files.stream()
                    .sorted(Comparator.comparing(path -> path.getFileName().toString()))
                    .toList()) {
                byte[] name = file.getFileName().toString().getBytes(StandardCharsets.UTF_8);
                update(digest, name.length);
                digest.update(name);
                update(digest, Files.size(file));
                try (InputStream in = Files.newInputStream(file)) {
                    for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                        digest.update(chunk, 0, n);
                    }
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void update(MessageDigest digest, long length) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(length).flip());
    }
}
