/**
 * Ed25519 signatures in DSSE envelopes: who made a statement, and that not a bit of it has changed since.
 */
@NullMarked
package io.livegraft.actors.signing;

import org.jspecify.annotations.NullMarked;
