package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import java.lang.foreign.MemorySegment;

/** The memory half of the CUDA backend. */
abstract class CudaMemory implements Backend {
    private static final int QUIET_NAN = 0x7FC00000;

    private final CudaDevice device;

    CudaMemory(CudaDevice device) {
        this.device = device;
    }

    @Override
    public String profile() {
        return device.profile();
    }

    @Override
    public Tensor allocate(int rows, int columns) {
        CudaTensor tensor = device.workspaces().unset(rows, columns);
        fill(tensor, 0);
        return tensor;
    }

    @Override
    public Tensor allocateUnset(int rows, int columns) {
        CudaTensor tensor = device.workspaces().unset(rows, columns);
        assert poisoned(tensor);
        return tensor;
    }

    @Override
    public Tensor allocateUnset(Offloadable what, int rows, int columns) {
        return offloads(what) ? device.unset(what, rows, columns) : allocateUnset(rows, columns);
    }

    @Override
    public boolean offloads(Offloadable what) {
        return device.offload().offloads(what);
    }

    /** Fills with NaN, so that whoever reads what was never written is found out. */
    private boolean poisoned(CudaTensor tensor) {
        fill(tensor, QUIET_NAN);
        return true;
    }

    private void fill(CudaTensor tensor, int word) {
        if (tensor.size() > 0) {
            device.queue().fill(tensor.address(), tensor.size(), word);
        }
    }

    @Override
    public Workspace workspace() {
        return device.workspaces().workspace();
    }

    @Override
    public Workspace.Scope temporaries() {
        return device.workspaces().temporaries();
    }

    @Override
    public Workspace.Scope repeated() {
        return device.queue().repeated();
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        CudaTensor tensor = device.workspaces().own(rows, columns, DeviceMemory.Use.TENSORS);
        upload(tensor, values);
        return tensor;
    }

    @Override
    public void upload(Tensor to, float[] values) {
        CudaTensor tensor = CudaTensor.of(to);
        device.upload(tensor, MemorySegment.ofArray(values).asSlice(0, tensor.bytes()));
    }

    @Override
    public void download(float[] out, Tensor tensor) {
        CudaTensor from = CudaTensor.of(tensor);
        device.download(MemorySegment.ofArray(out).asSlice(0, from.bytes()), from);
    }

    @Override
    public void copy(Tensor to, Tensor from) {
        device.copy(CudaTensor.of(to).requireShapeOf(CudaTensor.of(from)), CudaTensor.of(from));
    }

    @Override
    public Tensor rows(Tensor tensor, int from, int count) {
        return CudaTensor.of(tensor).rowBlock(from, count);
    }

    @Override
    public Tensor view(Tensor tensor, int offset, int rows, int columns) {
        return CudaTensor.of(tensor).view(offset, rows, columns);
    }

    @Override
    public void zero(Tensor x) {
        fill(CudaTensor.of(x), 0);
    }

    @Override
    public void close() {
        device.close();
    }
}
