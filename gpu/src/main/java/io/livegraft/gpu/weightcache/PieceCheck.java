package io.livegraft.gpu.weightcache;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C (RFC 3720, appendix B.4), which processors compute as fast as memory is read. */
final class PieceCheck {
    private PieceCheck() {}

    static int of(ByteBuffer bytes) {
        CRC32C check = new CRC32C();
        check.update(bytes);
        return (int) check.getValue();
    }
}
