package io.livegraft.actors.checkpoint;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says that a checkpoint must stay because a version can be reset to it: an empty object
 * {@code <tenant>/<version>-<checkpoint>.pin}.
 *
 * @param version digest of its adapter
 * @param checkpoint digest of the state that holds the same adapter
 */
record Pin(String tenant, String version, String checkpoint) {
    private static final Pattern FILE = Pattern.compile("([0-9a-f]{64})-([0-9a-f]{64})\\.pin");

    /** Empty for the name of another file. */
    static Optional<Pin> parse(String tenant, String file) {
        Matcher matcher = FILE.matcher(file);
        return matcher.matches() ? Optional.of(new Pin(tenant, matcher.group(1), matcher.group(2))) : Optional.empty();
    }

    String key() {
        return "%s/%s-%s.pin".formatted(tenant, version, checkpoint);
    }
}
