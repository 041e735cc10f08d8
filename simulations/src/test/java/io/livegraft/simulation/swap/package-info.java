@NullMarked
package io.livegraft.simulation.swap;

import org.jspecify.annotations.NullMarked;
