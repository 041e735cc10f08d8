/** Feedback kept longer than Kafka keeps it: append-only segments of records, so that any version can be rebuilt. */
@NullMarked
package io.livegraft.actors.archive;

import org.jspecify.annotations.NullMarked;
