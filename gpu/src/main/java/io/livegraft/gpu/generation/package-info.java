/** From token ids to text: sampling, stop strings, streaming; knows nothing of weights. */
@NullMarked
package io.livegraft.gpu.generation;

import org.jspecify.annotations.NullMarked;
