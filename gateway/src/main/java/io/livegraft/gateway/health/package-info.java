/** Liveness and readiness for machines and people. Liveness asks nobody. */
@NullMarked
package io.livegraft.gateway.health;

import org.jspecify.annotations.NullMarked;
