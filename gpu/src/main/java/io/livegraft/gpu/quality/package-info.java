/** What quantization and adapters cost and keep, measured: the engine's half of {@code livegraft bench quality}. */
@NullMarked
package io.livegraft.gpu.quality;

import org.jspecify.annotations.NullMarked;
