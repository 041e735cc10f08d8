/**
 * Frozen weights kept in files from one start to the next, in the very bytes that kernels read: a start from them neither
 * quantizes nor lays anything out.
 */
@NullMarked
package io.livegraft.gpu.weightcache;

import org.jspecify.annotations.NullMarked;
