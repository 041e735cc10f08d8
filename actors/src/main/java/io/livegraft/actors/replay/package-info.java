/**
 * Reads tenants' logs again: where they are read from, and versions made anew from them to be compared.
 */
@NullMarked
package io.livegraft.actors.replay;

import org.jspecify.annotations.NullMarked;
