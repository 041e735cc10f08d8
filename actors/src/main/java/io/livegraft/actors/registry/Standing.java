package io.livegraft.actors.registry;

import java.util.OptionalInt;

/**
 * How a tenant stands, in a few words.
 *
 * @param serving 0 is the base alone
 * @param digest of the adapter that serves; empty for the base
 * @param versions how many are retained
 */
public record Standing(
        int serving, String digest, OptionalInt previous, OptionalInt candidate, boolean held, int versions) {
    static Standing of(AdapterImage image) {
        return new Standing(
                image.serving(),
                image.servingVersion().map(AdapterVersion::digest).orElse(""),
                image.previous(),
                image.candidate(),
                image.held(),
                image.versions().size());
    }
}
