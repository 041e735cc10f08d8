package io.livegraft.actors.signing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
    /** RFC 8410, section 10.3: a private key and its public half. */
    private static final String RFC_8410 =
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    private static final String RFC_8410_PUBLIC = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    @TempDir
    private Path directory;

    @Test
    void aKeyIsMadeOnceAndOnlyItsOwnerMayReadIt() throws IOException {
        Path file = directory.resolve("signing.key");
        SigningKey made = KeyFile.readOrCreate(file);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        SigningKey again = KeyFile.readOrCreate(file);
        assertEquals(made.verifyingKey(), again.verifyingKey());
        byte[] payload = "words".getBytes(StandardCharsets.UTF_8);
        assertEquals(made.sign("text/plain", payload), again.sign("text/plain", payload), "Ed25519 draws nothing");
    }

    @Test
    void aKeyOfOpenSslIsTakenWithItsPublicHalf() throws IOException {
        assertEquals(
                RFC_8410_PUBLIC,
                KeyFile.read(file(RFC_8410, "rw-------")).verifyingKey().base64());
    }

    @Test
    void aKeyThatEverybodyMayReadIsRefused() throws IOException {
        assertRefused(file(RFC_8410, "rw-r--r--"), "may be read by everybody");
    }

    @Test
    void aFileThatIsNoKeyIsRefused() throws IOException {
        assertRefused(file("no key", "rw-------"), "expected the PEM of an Ed25519 private key");
    }

    @Test
    void onlyTheKeyThatSignedVerifiesAndOnlyWhatWasSigned() {
        SigningKey key = SigningKey.generate();
        TrustedKeys keys = new TrustedKeys(List.of(key.verifyingKey()));
        Envelope signed = key.sign("text/plain", new byte[] {1, 2, 3});
        assertTrue(keys.verifies(signed));
        assertFalse(keys.verifies(SigningKey.generate().sign("text/plain", new byte[] {1, 2, 3})));
        assertFalse(keys.verifies(new Envelope("text/html", signed.payload(), signed.keyId(), signed.signature())));
    }

    private Path file(String text, String permissions) throws IOException {
        Path file = Files.writeString(directory.resolve("external.pem"), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static void assertRefused(Path file, String part) {
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> KeyFile.read(file));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal.getMessage());
    }
}
