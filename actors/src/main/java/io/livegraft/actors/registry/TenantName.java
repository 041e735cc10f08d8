package io.livegraft.actors.registry;

import java.util.regex.Pattern;

/** What a tenant may be called: 1 to 63 lower-case letters, digits, '-' and '_', a letter or digit first. */
public final class TenantName {
    /** To be shown to whoever named one otherwise. */
    public static final Pattern PATTERN = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");

    private TenantName() {}

    /** Whether nothing forbids it; nobody asks the registry for anything else. */
    public static boolean isValid(String name) {
        return PATTERN.matcher(name).matches();
    }
}
