package io.livegraft.gpu;

import java.nio.file.Path;

/** The small base that comes with the repository. */
public final class BundledBase {
    public static final Path DIRECTORY = Path.of(System.getProperty("basedir", ""), "../deploy/base/livegraft-tiny")
            .normalize();

    private BundledBase() {}
}
