package io.livegraft.gpu.cpu;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.nativelibrary.NativeFolder;
import java.util.Locale;

/** Which kernels a CPU backend is to use: setting {@code livegraft.engine.kernels}. */
public enum KernelChoice {
    /** The fastest of this machine; bits differ between instruction sets, which the numeric profile names. */
    AUTO {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.detect(NativeFolder.usersOwn(), true);
        }
    },
    /** As {@link #AUTO} on a processor without tiles: one profile for machines that multiply bfloat16 in registers, with tiles or not. */
    WIDE {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.detect(NativeFolder.usersOwn(), false);
        }
    },
    /** As {@link #AUTO} on a processor whose registers have 256 bits (AVX2): one profile for nearly all of x86-64. */
    NARROW {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.narrow(NativeFolder.usersOwn());
        }
    },
    /** The same bits on every machine, several times slower. */
    PORTABLE {
        @Override
        public CpuKernels kernels() {
            return CpuKernels.portable();
        }
    };

    /** As the setting spells it; another word is an {@link ErrorCode#INVALID_CONFIGURATION}. */
    public static KernelChoice of(String name) {
        return Choice.of("kernels", name, values());
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Looks at the machine and loads what it needs. */
    public abstract CpuKernels kernels();
}
