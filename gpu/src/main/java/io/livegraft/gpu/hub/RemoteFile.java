package io.livegraft.gpu.hub;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.regex.Pattern;

/**
 * What the hub says of one file before it is downloaded.
 *
 * @param etag checksum, 64 hexadecimal digits of SHA-256 (large files) or 40 of a git blob's SHA-1; names the blob too
 * @param size in bytes
 */
record RemoteFile(String name, String etag, long size) {
    private static final Pattern CHECKSUM = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

    RemoteFile {
        if (!CHECKSUM.matcher(etag).matches() || size < 0) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "the hub describes %s with ETag '%s' and size %d, expected a SHA-256 or git SHA-1 and a size"
                            .formatted(name, etag.length() > 80 ? etag.substring(0, 80) : etag, size));
        }
    }
}
