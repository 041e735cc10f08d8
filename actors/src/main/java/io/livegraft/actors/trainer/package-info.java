/**
 * Turns one tenant's log into adapter states. What is trained and where steps close is decided by a value without clock,
 * thread or I/O ({@link io.livegraft.actors.trainer.TrainerCore}), so that the state is a pure function of base, configuration and
 * log prefix; the actor around it only runs what was decided.
 */
@NullMarked
package io.livegraft.actors.trainer;

import org.jspecify.annotations.NullMarked;
