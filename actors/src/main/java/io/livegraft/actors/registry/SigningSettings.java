package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import io.livegraft.actors.signing.KeyFile;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.actors.signing.VerifyingKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Section {@code livegraft.registry.signing} of the configuration.
 *
 * @param keyFile of the key that signs; empty makes one in the state directory
 * @param trusted other keys whose signatures count
 */
public record SigningSettings(Optional<Path> keyFile, List<VerifyingKey> trusted) {
    static SigningSettings from(Config signing) {
        String file = signing.getString("key-file");
        return new SigningSettings(
                file.isEmpty() ? Optional.empty() : Optional.of(Path.of(file)),
                signing.getStringList("trusted-keys").stream()
                        .map(VerifyingKey::parse)
                        .toList());
    }

    /** The key that signs; where no other is named, the state directory's own, made at the first start. */
    public SigningKey key(Path own) {
        return keyFile.map(KeyFile::read).orElseGet(() -> KeyFile.readOrCreate(own));
    }

    /** The key that signs and the others. */
    public TrustedKeys trusting(SigningKey key) {
        List<VerifyingKey> all = new ArrayList<>(trusted);
        all.add(key.verifyingKey());
        return new TrustedKeys(all);
    }
}
