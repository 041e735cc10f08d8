package io.livegraft.simulation.swap;

/**
 * An answer as its client got it.
 *
 * @param label the version that header, body and events name
 * @param fingerprint begins of the digests of the base and the adapter
 * @param ofOneVersion whether header, body and every event named the same
 */
record Said(String label, String fingerprint, boolean ofOneVersion, Answer answer) {
    String tenant() {
        return label.substring(0, Math.max(0, label.lastIndexOf(':')));
    }

    int version() {
        return Integer.parseInt(label.substring(label.lastIndexOf(':') + 1));
    }
}
