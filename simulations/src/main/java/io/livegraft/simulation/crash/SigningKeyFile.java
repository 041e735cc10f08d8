package io.livegraft.simulation.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Base64;

/** The key that all nodes of a run sign with, as {@code openssl genpkey -algorithm ed25519} writes one. */
final class SigningKeyFile {
    private SigningKeyFile() {}

    static Path write(Path file) {
        try {
            byte[] key = KeyPairGenerator.getInstance("Ed25519")
                    .generateKeyPair()
                    .getPrivate()
                    .getEncoded();
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return Files.writeString(
                    file,
                    "-----BEGIN PRIVATE KEY-----%n%s%n-----END PRIVATE KEY-----%n"
                            .formatted(Base64.getEncoder().encodeToString(key)));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has Ed25519", missing);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
