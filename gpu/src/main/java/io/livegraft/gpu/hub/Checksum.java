package io.livegraft.gpu.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hub's two checksums: SHA-256 of the contents, or git's SHA-1 of {@code "blob " + size + NUL + contents}. */
final class Checksum {
    private static final int SHA256_DIGITS = 64;
    private static final int CHUNK_BYTES = 1 << 20;

    private Checksum() {}

    /** Whether the file's contents have this checksum; its length says which of the two it is. */
    static boolean matches(Path file, String expected) throws IOException {
        MessageDigest digest = digest(expected.length() == SHA256_DIGITS ? "SHA-256" : "SHA-1");
        if (expected.length() != SHA256_DIGITS) {
            digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        byte[] chunk = new byte[CHUNK_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest()).equals(expected);
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
