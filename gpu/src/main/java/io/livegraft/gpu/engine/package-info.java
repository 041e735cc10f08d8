/** One base on one device: stages adapters, decodes, trains and evaluates; used from one thread at a time. */
@NullMarked
package io.livegraft.gpu.engine;

import org.jspecify.annotations.NullMarked;
