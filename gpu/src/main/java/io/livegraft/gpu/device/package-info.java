/** Which backend an engine computes on: the setting {@code livegraft.engine.backend}, and what comes of it on this machine. */
@NullMarked
package io.livegraft.gpu.device;

import org.jspecify.annotations.NullMarked;
