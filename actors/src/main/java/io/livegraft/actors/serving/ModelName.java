package io.livegraft.actors.serving;

import java.util.OptionalInt;

/** What a request's model field names. */
sealed interface ModelName {
    String tenant();

    /** Whatever serves. */
    record Serving(String tenant) implements ModelName {}

    /** {@code tenant:7}; 0 is the base alone. */
    record Version(String tenant, int number) implements ModelName {}

    /** {@code tenant@candidate}. */
    record Alias(String tenant, String alias) implements ModelName {}

    static ModelName parse(String model) {
        int at = model.lastIndexOf('@');
        if (at > 0) {
            return new Alias(model.substring(0, at), model.substring(at + 1));
        }
        int colon = model.lastIndexOf(':');
        if (colon > 0) {
            OptionalInt number = number(model.substring(colon + 1));
            if (number.isPresent()) {
                return new Version(model.substring(0, colon), number.getAsInt());
            }
        }
        return new Serving(model);
    }

    private static OptionalInt number(String digits) {
        boolean isNumber =
                !digits.isEmpty() && digits.length() < 10 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        return isNumber ? OptionalInt.of(Integer.parseInt(digits)) : OptionalInt.empty();
    }
}
