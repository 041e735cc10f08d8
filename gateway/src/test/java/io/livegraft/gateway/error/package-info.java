/** Tests of the package of the same name. */
@NullMarked
package io.livegraft.gateway.error;

import org.jspecify.annotations.NullMarked;
