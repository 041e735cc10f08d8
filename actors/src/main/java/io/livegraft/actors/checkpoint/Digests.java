package io.livegraft.actors.checkpoint;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of bytes and of strings (UTF-8). */
public final class Digests {
    private Digests() {}

    /** Lower-case hexadecimal. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(digest(bytes));
    }

    public static String sha256(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    /** 0..255. */
    public static int leadingByte(String text) {
        return digest(text.getBytes(StandardCharsets.UTF_8))[0] & 0xff;
    }

    /** Big-endian. */
    public static long leadingLong(String text) {
        return ByteBuffer.wrap(digest(text.getBytes(StandardCharsets.UTF_8))).getLong();
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
