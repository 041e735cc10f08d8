/** Hugging Face model directories: what they say of the architecture and where their weights are. */
@NullMarked
package io.livegraft.gpu.model;

import org.jspecify.annotations.NullMarked;
