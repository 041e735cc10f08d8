package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.BlockwiseMoments;
import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Moments in 8 bits, in the workspace in use when this is made; kernel: {@code adamw_blockwise} of optimizer.cu. */
final class CudaBlockwiseMoments implements BlockwiseMoments {
    /** Codes of one moment and their absmax. */
    private record Kept(CudaTensor codes, CudaTensor absMax, float[] map) {
        static Kept of(CudaDevice device, BlockwiseState.Codes codes) {
            CudaTensor bytes = device.unset(Offloadable.MOMENTS, 1, Math.ceilDiv(codes.codes().length, Float.BYTES));
            CudaTensor absMax = device.unset(Offloadable.MOMENTS, 1, codes.absMax().length);
            device.upload(bytes, MemorySegment.ofArray(codes.codes()));
            device.upload(absMax, MemorySegment.ofArray(codes.absMax()));
            return new Kept(bytes, absMax, codes.map());
        }

        BlockwiseState.Codes read(CudaDevice device, int count) {
            byte[] codes = new byte[count];
            float[] largest = new float[absMax.columns()];
            device.download(MemorySegment.ofArray(codes), this.codes);
            device.download(MemorySegment.ofArray(largest), absMax);
            return new BlockwiseState.Codes(codes, largest, map);
        }
    }

    private final CudaDevice device;
    private final CudaKernel kernel;
    private final int size;
    private final Kept first;
    private final Kept second;
    private final CudaTensor maps;

    CudaBlockwiseMoments(CudaDevice device, BlockwiseState state) {
        this.device = device;
        this.kernel = device.kernel("optimizer", "adamw_blockwise");
        this.size = state.size();
        this.first = Kept.of(device, state.first());
        this.second = Kept.of(device, state.second());
        this.maps = device.workspaces().unset(1, 2 * BlockwiseState.BLOCK);
        upload(maps, 0, state.first().map());
        upload(maps, BlockwiseState.BLOCK, state.second().map());
    }

    private void upload(CudaTensor to, int offset, float[] map) {
        device.upload(to.address() + ValueLayout.JAVA_FLOAT.byteSize() * offset, MemorySegment.ofArray(map));
    }

    @Override
    public void step(Tensor p, Tensor g, AdamWStep step) {
        CudaTensor parameters = CudaTensor.of(p).requireShape(1, size);
        CudaTensor gradients = CudaTensor.of(g).requireShape(1, size);
        CudaKernel written = kernel.arguments()
                .tensor(parameters)
                .tensor(first.codes())
                .tensor(first.absMax())
                .tensor(second.codes())
                .tensor(second.absMax())
                .tensor(gradients)
                .tensor(maps)
                .wide(size);
        for (float constant : CudaOptimizer.constants(step)) {
            written.number(constant);
        }
        written.launch(Math.ceilDiv(size, BlockwiseState.BLOCK), BlockwiseState.BLOCK);
    }

    @Override
    public BlockwiseState state() {
        return new BlockwiseState(first.read(device, size), second.read(device, size));
    }
}
