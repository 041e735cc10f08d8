/** Files as the stores of a node need them: what was forced survives the process and the machine. */
@NullMarked
package io.livegraft.actors.disk;

import org.jspecify.annotations.NullMarked;
