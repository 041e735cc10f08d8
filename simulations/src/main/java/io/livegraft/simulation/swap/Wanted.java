package io.livegraft.simulation.swap;

/** Which of a tenant's versions a request names. */
sealed interface Wanted {
    /** {@code tenant} or, spelled out, {@code tenant@serving}. */
    record Serving(boolean spelled) implements Wanted {}

    /** {@code tenant@previous}. */
    record Previous() implements Wanted {}

    /** {@code tenant:7}. */
    record Version(int number) implements Wanted {}

    /** The model field of a request. */
    default String model(String tenant) {
        return switch (this) {
            case Serving(boolean spelled) -> spelled ? tenant + "@serving" : tenant;
            case Previous() -> tenant + "@previous";
            case Version(int number) -> tenant + ":" + number;
        };
    }
}
