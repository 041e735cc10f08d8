package io.livegraft.gpu.cpu;

import io.livegraft.gpu.error.ErrorCode;
import java.util.Locale;

/** What a decode step multiplies weights of 4 and 8 bits, and adapters beside them, with: setting {@code livegraft.engine.decode-activations}. */
public enum DecodeActivations {
    /** {@link #INT8} where the machine has the instructions, which the numeric profile names, else {@link #BF16}. */
    AUTO {
        @Override
        public CpuKernels of(CpuKernels kernels) {
            return kernels;
        }
    },
    /** Activations rounded to bfloat16, as prefill's, or float32 where {@link KernelChoice} gives portable kernels. */
    BF16 {
        @Override
        public CpuKernels of(CpuKernels kernels) {
            return kernels.withoutBytes();
        }
    },
    /** Activations as whole numbers of 8 bits, a scale for each block of a row; adapters too ({@link StripFactors} has the formula). */
    INT8 {
        @Override
        public CpuKernels of(CpuKernels kernels) {
            if (kernels.bytes().isEmpty()) {
                throw Choice.noBytes("decode-activations", kernels);
            }
            return kernels;
        }
    };

    /** As the setting spells it; another word is an {@link ErrorCode#INVALID_CONFIGURATION}. */
    public static DecodeActivations of(String name) {
        return Choice.of("decode-activations", name, values());
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What is left of a machine's kernels. */
    public abstract CpuKernels of(CpuKernels kernels);
}
