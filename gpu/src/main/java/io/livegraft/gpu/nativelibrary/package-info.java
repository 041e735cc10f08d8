/** The folder that native libraries are unpacked into; knows none of them. */
@NullMarked
package io.livegraft.gpu.nativelibrary;

import org.jspecify.annotations.NullMarked;
