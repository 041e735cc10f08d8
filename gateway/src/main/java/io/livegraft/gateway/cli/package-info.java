/**
 * The command line: one class for each verb. Commands that ask a running node speak HTTP to it; {@code generate} and
 * {@code eval} run the engine in this process; {@code dev} and {@code serve} are the node.
 */
@NullMarked
package io.livegraft.gateway.cli;

import org.jspecify.annotations.NullMarked;
