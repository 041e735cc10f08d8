package io.livegraft.gpu.cpu;

import io.livegraft.gpu.nativelibrary.NativeFolder;

/** Which kernels a CPU backend is to use: setting {@code livegraft.engine.kernels}. */
public enum KernelChoice {
    /** The fastest of this machine; bits differ between instruction sets, which the numeric profile names. */
    AUTO {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.detect(NativeFolder.usersOwn(), true);
        }
    },
    /** As {@link #AUTO} on a processor without tiles: one profile for machines with 512-bit registers, with tiles or not. */
    WIDE {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.detect(NativeFolder.usersOwn(), false);
        }
    },
    /** The same bits on every machine, several times slower. */
    PORTABLE {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.portable();
        }
    };

    /** Looks at the machine and loads what it needs. */
    public abstract CpuKernels kernels();
}
