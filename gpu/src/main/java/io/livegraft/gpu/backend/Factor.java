package io.livegraft.gpu.backend;

/** The right-hand side of a {@link Product}, in whatever form a backend multiplies with it best. */
public interface Factor {}
