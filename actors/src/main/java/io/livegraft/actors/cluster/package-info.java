/**
 * Several nodes as one system: who is a member, who decides when they lose sight of each other, and how each node's replica
 * keeps up with what is decided elsewhere.
 */
@NullMarked
package io.livegraft.actors.cluster;

import org.jspecify.annotations.NullMarked;
