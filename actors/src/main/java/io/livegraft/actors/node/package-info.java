/**
 * One node of Livegraft: starts every part in order, gives the gateway a small face to talk to (inference,
 * administration, feedback, health, metrics) and takes the parts down again in reverse. The only package that knows all others.
 */
@NullMarked
package io.livegraft.actors.node;

import org.jspecify.annotations.NullMarked;
