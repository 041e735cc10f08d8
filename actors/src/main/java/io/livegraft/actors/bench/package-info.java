/**
 * How fast records get from a real broker to their trainers, and what tenants cost that have nothing to do.
 */
@NullMarked
package io.livegraft.actors.bench;

import org.jspecify.annotations.NullMarked;
