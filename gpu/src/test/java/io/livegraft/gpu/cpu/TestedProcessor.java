package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.Processor;
import io.livegraft.gpu.nativelibrary.NativeFolder;
import io.livegraft.gpu.onednn.OneDnn;
import io.livegraft.gpu.onednn.OneDnn.Availability;
import java.util.Optional;

/** Kernels of this machine's processor, and of lesser ones that it can run. */
enum TestedProcessor {
    THIS {
        @Override
        CpuKernels kernels() {
            return KernelChoice.AUTO.kernels();
        }
    },
    WITHOUT_TILES {
        @Override
        CpuKernels kernels() {
            return KernelChoice.WIDE.kernels();
        }
    },
    /** Registers of 512 bits without products of bfloat16 and dot products of bytes; those are narrow code's, training is oneDNN's. */
    WITHOUT_BFLOAT16 {
        @Override
        boolean present() {
            return KernelChoice.AUTO.kernels().wideStrips().isPresent();
        }

        @Override
        CpuKernels kernels() {
            assumeTrue(present(), "registers are narrower than 512 bits");
            ExecutableMemory memory = ExecutableMemory.open().orElseThrow();
            StripKernels strips =
                    StripKernels.write(memory, false, false, Processor.detect().narrowBytes());
            Optional<OneDnn> oneDnn =
                    OneDnn.load(NativeFolder.usersOwn(), false) instanceof Availability.Loaded(OneDnn loaded)
                            ? Optional.of(loaded)
                            : Optional.empty();
            return new CpuKernels(Optional.of(strips), oneDnn, oneDnn.isPresent() ? "" : "an older processor", false);
        }
    },
    /** Registers of 256 bits, whose machine code multiplies bytes; prompts and training are oneDNN's. */
    NARROW {
        @Override
        CpuKernels kernels() {
            return KernelChoice.NARROW.kernels();
        }
    };

    /** Whether this machine can run them. */
    boolean present() {
        return true;
    }

    abstract CpuKernels kernels();
}
