/** What every run against real processes needs: a broker, nodes, a folder, options, and a way to tell what was found. */
@NullMarked
package io.livegraft.simulation.run;

import org.jspecify.annotations.NullMarked;
