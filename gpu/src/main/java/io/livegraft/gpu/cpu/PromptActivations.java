package io.livegraft.gpu.cpu;

import io.livegraft.gpu.error.ErrorCode;
import java.util.Locale;

/** What prompts multiply weights of 4 and 8 bits with: setting {@code livegraft.engine.prompt-activations}. */
public enum PromptActivations {
    /** {@link #INT8} where the processor has no tiles: its registers multiply bytes twice as fast as bfloat16. Else {@link #BF16}. */
    AUTO {
        @Override
        public CpuKernels of(CpuKernels kernels) {
            return kernels.bytes().isPresent() && kernels.tiles().isEmpty() ? kernels.withBytePrompts() : kernels;
        }
    },
    /** Activations rounded to bfloat16, as training's, or float32 where {@link KernelChoice} gives portable kernels. */
    BF16 {
        @Override
        public CpuKernels of(CpuKernels kernels) {
            return kernels;
        }
    },
    /** As {@link DecodeActivations#INT8}: a prompt's products have the bits of decode steps over the same tokens. */
    INT8 {
        @Override
        public CpuKernels of(CpuKernels kernels) {
            if (kernels.bytes().isEmpty()) {
                throw Choice.noBytes("prompt-activations", kernels);
            }
            return kernels.withBytePrompts();
        }
    };

    /** As the setting spells it; another word is an {@link ErrorCode#INVALID_CONFIGURATION}. */
    public static PromptActivations of(String name) {
        return Choice.of("prompt-activations", name, values());
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What is made of a machine's kernels. */
    public abstract CpuKernels of(CpuKernels kernels);
}
