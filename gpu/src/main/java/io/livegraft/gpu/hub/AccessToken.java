package io.livegraft.gpu.hub;

/** A user's token of the hub; never shown. */
public record AccessToken(String value) {
    @Override
    public String toString() {
        return "AccessToken[hidden]";
    }
}
