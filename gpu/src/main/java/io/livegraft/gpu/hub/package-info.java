/** Bases by their hub name: downloads what a base needs into the standard cache of the Hugging Face hub, or finds it there. */
@NullMarked
package io.livegraft.gpu.hub;

import org.jspecify.annotations.NullMarked;
