/** AdamW with its schedules and the forms its moments are kept in. */
@NullMarked
package io.livegraft.gpu.optimizer;

import org.jspecify.annotations.NullMarked;
