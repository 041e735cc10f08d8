/**
 * Where the feedback log lives: connection settings, the topics, and a real KRaft broker inside the process for one-machine
 * use. Knows no record's meaning.
 */
@NullMarked
package io.livegraft.actors.kafka;

import org.jspecify.annotations.NullMarked;
