/** Tests of the package of the same name. */
@NullMarked
package io.livegraft.gateway.cli;

import org.jspecify.annotations.NullMarked;
