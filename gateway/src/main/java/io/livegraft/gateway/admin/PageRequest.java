package io.livegraft.gateway.admin;

import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.gateway.wire.Fields;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code ?prefix=…&after=…&limit=…}. */
final class PageRequest {
    private static final int LIMIT = 100;
    private static final Pattern NAME = Pattern.compile("[a-z0-9_-]{0,63}");

    private PageRequest() {}

    static TenantQuery read(Optional<String> prefix, Optional<String> after, Optional<String> limit, int maxPage) {
        return new TenantQuery(
                name("prefix", prefix).orElse(""),
                name("after", after),
                limit.map(text -> limit(text, maxPage)).orElse(Math.min(LIMIT, maxPage)));
    }

    private static Optional<String> name(String parameter, Optional<String> value) {
        value.filter(text -> !NAME.matcher(text).matches()).ifPresent(text -> {
            throw Fields.refuse(parameter, "%s is '%s', expected (part of) a tenant's name".formatted(parameter, text));
        });
        return value;
    }

    private static int limit(String text, int maxPage) {
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > maxPage) {
            throw Fields.refuse("limit", "limit is '%s', expected 1 to %d".formatted(text, maxPage));
        }
        return Integer.parseInt(text);
    }
}
