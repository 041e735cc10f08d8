package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Arrays;

/** The memory half of a backend whose tensors are float arrays on the heap. */
abstract class CpuMemory implements Backend {
    private final TensorMemory memory = new TensorMemory();

    @Override
    public Tensor allocate(int rows, int columns) {
        if (!memory.shared()) {
            return TensorMemory.own(rows, columns);
        }
        CpuTensor tensor = memory.unset(rows, columns);
        zero(tensor);
        return tensor;
    }

    @Override
    public Tensor allocateUnset(int rows, int columns) {
        return memory.unset(rows, columns);
    }

    @Override
    public Workspace workspace() {
        return memory.workspace();
    }

    @Override
    public Workspace.Scope temporaries() {
        return memory.temporaries();
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        return new CpuTensor(values.clone(), 0, rows, columns);
    }

    @Override
    public void upload(Tensor to, float[] values) {
        CpuTensor t = CpuTensor.of(to);
        System.arraycopy(values, 0, t.data(), t.offset(), t.size());
    }

    @Override
    public void download(float[] out, Tensor tensor) {
        CpuTensor t = CpuTensor.of(tensor);
        System.arraycopy(t.data(), t.offset(), out, 0, t.size());
    }

    @Override
    public Tensor rows(Tensor tensor, int from, int count) {
        CpuTensor t = CpuTensor.of(tensor);
        return new CpuTensor(t.data(), t.row(from), count, t.columns());
    }

    @Override
    public Tensor view(Tensor tensor, int offset, int rows, int columns) {
        CpuTensor t = CpuTensor.of(tensor);
        return new CpuTensor(t.data(), t.offset() + offset, rows, columns);
    }

    @Override
    public LinearWeight freeze(HostTensor weight, Precision precision) {
        return CpuLinearWeight.freeze(weight, precision);
    }

    @Override
    public LinearWeight freeze(QuantizedTensor weight) {
        return CpuLinearWeight.freeze(weight);
    }

    @Override
    public LinearWeight freezeTable(HostTensor table, Precision precision) {
        return CpuLinearWeight.freeze(table, precision);
    }

    @Override
    public void zero(Tensor x) {
        CpuTensor t = CpuTensor.of(x);
        Arrays.fill(t.data(), t.offset(), t.offset() + t.size(), 0f);
    }

    @Override
    public void embed(Tensor y, Tensor table, int[] ids) {
        CpuTensor out = CpuTensor.of(y);
        CpuTensor rows = CpuTensor.of(table);
        out.requireShape(ids.length, rows.columns());
        for (int n = 0; n < ids.length; n++) {
            System.arraycopy(rows.data(), rows.row(ids[n]), out.data(), out.row(n), rows.columns());
        }
    }

    @Override
    public void embed(Tensor y, LinearWeight table, int[] ids) {
        CpuLinearWeight rows = CpuLinearWeight.of(table);
        CpuTensor out = CpuTensor.of(y).requireShape(ids.length, rows.inputFeatures());
        for (int n = 0; n < ids.length; n++) {
            rows.decodeRow(out.data(), out.row(n), 1, ids[n], 0, rows.inputFeatures());
        }
    }

    @Override
    public void embedBackward(Tensor dTable, Tensor dy, int[] ids) {
        CpuTensor rows = CpuTensor.of(dTable);
        CpuTensor gradient = CpuTensor.of(dy).requireShape(ids.length, rows.columns());
        for (int n = 0; n < ids.length; n++) {
            for (int c = 0; c < rows.columns(); c++) {
                rows.data()[rows.row(ids[n]) + c] += gradient.data()[gradient.row(n) + c];
            }
        }
    }
}
