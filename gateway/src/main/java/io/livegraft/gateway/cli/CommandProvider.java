package io.livegraft.gateway.cli;

import java.util.List;

/** Brings more commands to {@code livegraft}, through {@link java.util.ServiceLoader}. */
public interface CommandProvider {
    /** Instances annotated as picocli commands; they return their exit code. */
    List<Object> commands();
}
