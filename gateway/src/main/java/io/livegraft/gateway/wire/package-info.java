/** JSON in and out: request bodies read strictly, with the field at fault named; replies and server-sent events written. */
@NullMarked
package io.livegraft.gateway.wire;

import org.jspecify.annotations.NullMarked;
