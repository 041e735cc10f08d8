package io.livegraft.gpu.hub;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model on the hub, {@code org/name} or {@code org/name@revision}.
 *
 * @param revision branch, tag or commit; {@code main} unless named
 */
public record HubName(String org, String name, String revision) {
    private static final String PART = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
    private static final Pattern FORM = Pattern.compile("(%s)/(%s)(?:@(.*))?".formatted(PART, PART));
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,127}");

    /** Refuses names and revisions that the hub doesn't allow: they become paths in the cache. */
    public HubName {
        require("organisation", org, plain(org));
        require("name", name, plain(name));
        require("revision", revision, REVISION.matcher(revision).matches() && insidePath(revision));
    }

    /** Empty when the text has another form: then it can only be a path. */
    public static Optional<HubName> parse(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches()
                ? Optional.of(new HubName(
                        form.group(1),
                        form.group(2),
                        Optional.ofNullable(form.group(3)).orElse("main")))
                : Optional.empty();
    }

    /** {@code org/name}. */
    public String repository() {
        return org + "/" + name;
    }

    private static boolean plain(String part) {
        return part.matches(PART) && !part.contains("--") && !part.contains("..");
    }

    private static boolean insidePath(String revision) {
        return !revision.contains("..") && !revision.contains("//") && !revision.endsWith("/");
    }

    private static void require(String what, String value, boolean allowed) {
        if (!allowed) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "hub %s '%s' can't be used, expected letters, digits, '.', '_' and '-', without '..' or '--'"
                            .formatted(what, value));
        }
    }
}
