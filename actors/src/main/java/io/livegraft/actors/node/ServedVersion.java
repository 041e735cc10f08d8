package io.livegraft.actors.node;

/**
 * The one version that makes a response, from its first token to its last.
 *
 * @param number 0 is the base alone
 * @param digest of the adapter file, or of the base where there is no adapter
 * @param label what the response says: {@code support:7}, {@code support:0}, or the base's name
 */
public record ServedVersion(String tenant, int number, String digest, String label) {
    /** A tenant's version; number 0 where the tenant has none yet or was rolled back to the base. */
    public ServedVersion(String tenant, int number, String digest) {
        this(tenant, number, digest, tenant + ":" + number);
    }

    public static ServedVersion ofBase(String baseName, String baseDigest) {
        return new ServedVersion(baseName, 0, baseDigest, baseName);
    }
}
