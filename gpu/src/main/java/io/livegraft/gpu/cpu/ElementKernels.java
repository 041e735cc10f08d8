package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExecutableMemory;
import io.livegraft.gpu.machinecode.ExponentialKernel;
import io.livegraft.gpu.machinecode.NormKernel;
import io.livegraft.gpu.machinecode.SlopeKernel;
import io.livegraft.gpu.machinecode.SwiGluKernel;

/**
 * Machine code of element-wise operations that every token needs, with the bits of their loops on the Vector API. Those are as fast
 * once they are compiled, but a hundred times slower before: half of the time to a first token.
 */
record ElementKernels(SwiGluKernel swiGlu, ExponentialKernel exponential, SlopeKernel slope, NormKernel norm) {
    static ElementKernels write(ExecutableMemory memory) {
        return new ElementKernels(
                new SwiGluKernel(memory),
                new ExponentialKernel(memory),
                new SlopeKernel(memory),
                new NormKernel(memory));
    }
}
