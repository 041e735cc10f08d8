package io.livegraft.gpu.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the keys and values of one whole page of a prompt follow from, as a chain of SHA-256: the tenant, the version's digest and all
 * tokens up to its end.
 *
 * <pre>{@code
 *   key[0] = SHA-256(|tenant|, tenant, |digest|, digest, tokens of page 0)      key[i] = SHA-256(key[i−1], tokens of page i)
 * }</pre>
 */
record PrefixKey(long first, long second, long third, long fourth) {
    /** Of every whole page of a prompt. */
    static List<PrefixKey> chain(CacheKey key, int[] prompt, int pageTokens) {
        List<PrefixKey> chain = new ArrayList<>();
        byte[] before = bytes(key);
        for (int from = 0; from + pageTokens <= prompt.length; from += pageTokens) {
            before = next(before, prompt, from, pageTokens);
            ByteBuffer words = ByteBuffer.wrap(before);
            chain.add(new PrefixKey(words.getLong(), words.getLong(), words.getLong(), words.getLong()));
        }
        return List.copyOf(chain);
    }

    private static byte[] bytes(CacheKey key) {
        byte[] tenant = key.tenant().getBytes(StandardCharsets.UTF_8);
        byte[] digest = key.digest().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 * Integer.BYTES + tenant.length + digest.length)
                .putInt(tenant.length)
                .put(tenant)
                .putInt(digest.length)
                .put(digest)
                .array();
    }

    private static byte[] next(byte[] before, int[] tokens, int from, int count) {
        ByteBuffer page =
                ByteBuffer.allocate(before.length + Integer.BYTES * count).put(before);
        for (int i = from; i < from + count; i++) {
            page.putInt(tokens[i]);
        }
        try {
            return MessageDigest.getInstance("SHA-256").digest(page.array());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
