/**
 * What operators see and change: versions, history, rollback, hold, resume, promote, forget, reset, configure, rebuild. Every change carries a reason and
 * may name the version it expects to be serving.
 */
@NullMarked
package io.livegraft.gateway.admin;

import org.jspecify.annotations.NullMarked;
