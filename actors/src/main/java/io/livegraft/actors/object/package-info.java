/** Objects by key, in the local file system or in an S3-compatible store: durable when written, compared and set by etag. */
@NullMarked
package io.livegraft.actors.object;

import org.jspecify.annotations.NullMarked;
