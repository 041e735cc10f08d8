/** Training of one adapter, step by step: examples in, next state out, nothing else enters. */
@NullMarked
package io.livegraft.gpu.training;

import org.jspecify.annotations.NullMarked;
