/**
 * From Kafka records to the entries of each tenant's log: decodes, checks, sends what can't be used to the dead-letter topic
 * and commits only offsets below which every tenant's state is in a checkpoint.
 */
@NullMarked
package io.livegraft.actors.ingest;

import org.jspecify.annotations.NullMarked;
