/** Values in host memory, before a backend takes them and after it gives them back. */
@NullMarked
package io.livegraft.gpu.tensor;

import org.jspecify.annotations.NullMarked;
