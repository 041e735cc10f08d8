package io.livegraft.actors.signing;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Objects;
import java.util.Set;

/** A private key in a PEM file, as {@code openssl genpkey -algorithm ed25519} writes it; only its owner may read it. */
public final class KeyFile {
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private KeyFile() {}

    /** The key in a file; one that is not there yet is made. */
    public static SigningKey readOrCreate(Path file) {
        try {
            if (absent(file)) {
                write(file, SigningKey.generate());
            }
            return read(file);
        } catch (IOException e) {
            throw refused(file, "can't be used: " + e.getMessage(), e);
        }
    }

    /** Only what is known not to be there: a key that can't be read now must not give way to another. */
    private static boolean absent(Path file) throws IOException {
        try {
            Files.readAttributes(file, BasicFileAttributes.class);
            return false;
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    /** INVALID_CONFIGURATION where it is no Ed25519 key or everybody may read it. */
    public static SigningKey read(Path file) {
        try {
            if (Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "signing key %s may be read by everybody, expected rw-------; run chmod 600 on it"
                                .formatted(file));
            }
            String body =
                    Files.readString(file).replace(BEGIN, "").replace(END, "").replaceAll("\\s", "");
            PKCS8EncodedKeySpec encoded =
                    new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body));
            return SigningKey.of((EdECPrivateKey)
                    KeyFactory.getInstance(VerifyingKey.ALGORITHM).generatePrivate(encoded));
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw refused(file, "can't be used, expected the PEM of an Ed25519 private key: " + e.getMessage(), e);
        }
    }

    /** Whole or not at all, and never readable by others, not even while it is written. */
    private static void write(Path file, SigningKey key) throws IOException {
        Path parent = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Path unfinished = parent.resolve(".tmp-" + file.getFileName());
        Files.deleteIfExists(unfinished);
        String pem = "%s\n%s\n%s\n"
                .formatted(
                        BEGIN,
                        Base64.getEncoder().encodeToString(key.privateKey().getEncoded()),
                        END);
        try (FileChannel channel = FileChannel.open(
                unfinished,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
            channel.write(ByteBuffer.wrap(pem.getBytes(StandardCharsets.US_ASCII)));
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(parent, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static LivegraftException refused(Path file, String why, Exception cause) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, "signing key %s %s".formatted(file, why), cause);
    }
}
