package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Arrays;

/**
 * The memory half of the reference: every tensor is double, so that no operation rounds to float32 on the way. Only what
 * comes in (uploads, frozen weights) and goes out (downloads) is float32, as on every backend.
 */
abstract class ReferenceMemory implements Backend {
    /** Keys and values (positions, G·D) of each layer as they were appended, page by page. */
    record Pages(int headDim, int count, int pageTokens, DoubleTensor[] keys, DoubleTensor[] values)
            implements KvPages {
        @Override
        public long pageBytes() {
            return 16L * keys.length * keys[0].columns() * pageTokens;
        }

        /** Of {@code all}, those of the first {@code length} positions of a sequence. */
        private static DoubleTensor gathered(DoubleTensor all, KvCache cache, int length) {
            DoubleTensor rows = DoubleTensor.zeros(length, all.columns());
            for (int position = 0; position < length; position++) {
                copy(rows.rowBlock(position, 1), row(all, cache, position));
            }
            return rows;
        }

        private static DoubleTensor row(DoubleTensor all, KvCache cache, int position) {
            int page = cache.page(position) * cache.memory().pageTokens();
            return all.rowBlock(page + cache.offset(position), 1);
        }

        DoubleTensor keys(int layer, KvCache cache, int length) {
            return gathered(keys[layer], cache, length);
        }

        DoubleTensor values(int layer, KvCache cache, int length) {
            return gathered(values[layer], cache, length);
        }
    }

    @Override
    public Tensor allocate(int rows, int columns) {
        return DoubleTensor.zeros(rows, columns);
    }

    /** NaN: whoever reads what was not written is found out. */
    @Override
    public Tensor allocateUnset(int rows, int columns) {
        DoubleTensor tensor = DoubleTensor.zeros(rows, columns);
        Arrays.fill(tensor.data(), Double.NaN);
        return tensor;
    }

    /** Every tensor has an array of its own. */
    @Override
    public Workspace workspace() {
        return new Workspace() {
            @Override
            public Scope use() {
                return () -> {};
            }

            @Override
            public long bytes() {
                return 0;
            }

            @Override
            public void close() {
                // nothing is shared
            }
        };
    }

    @Override
    public Workspace.Scope temporaries() {
        return () -> {};
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        double[] data = new double[values.length];
        Arrays.setAll(data, i -> values[i]);
        return DoubleTensor.contiguous(data, 0, rows, columns);
    }

    @Override
    public void upload(Tensor to, float[] values) {
        for (int i = 0; i < to.rows() * to.columns(); i++) {
            set(to, i, values[i]);
        }
    }

    @Override
    public void download(float[] out, Tensor tensor) {
        DoubleTensor t = DoubleTensor.of(tensor);
        for (int i = 0; i < t.rows() * t.columns(); i++) {
            out[i] = (float) t.data()[t.offset() + i];
        }
    }

    /** One element by its row-major index, unrounded; central differences need it. */
    public double get(Tensor tensor, int index) {
        DoubleTensor t = DoubleTensor.of(tensor);
        return t.at(index / t.columns(), index % t.columns());
    }

    /** Sets one element by its row-major index, unrounded. */
    public void set(Tensor tensor, int index, double value) {
        DoubleTensor t = DoubleTensor.of(tensor);
        t.set(index / t.columns(), index % t.columns(), value);
    }

    @Override
    public Tensor rows(Tensor tensor, int from, int count) {
        return DoubleTensor.of(tensor).rowBlock(from, count);
    }

    @Override
    public Tensor view(Tensor tensor, int offset, int rows, int columns) {
        DoubleTensor t = DoubleTensor.of(tensor);
        return DoubleTensor.contiguous(t.data(), t.offset() + offset, rows, columns);
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
    public KvPages allocateKvPages(
            int layers, int kvHeads, int headDim, int pages, int pageTokens, Arithmetic arithmetic) {
        KvPages.requireFit(pages, pageTokens);
        DoubleTensor[] keys = new DoubleTensor[layers];
        DoubleTensor[] values = new DoubleTensor[layers];
        Arrays.setAll(keys, layer -> DoubleTensor.zeros(pages * pageTokens, kvHeads * headDim));
        Arrays.setAll(values, layer -> DoubleTensor.zeros(pages * pageTokens, kvHeads * headDim));
        return new Pages(headDim, pages, pageTokens, keys, values);
    }

    @Override
    public void appendKv(KvCache cache, int layer, Tensor k, Tensor v, int position) {
        cache.requireRoom(position, k.rows());
        Pages pages = (Pages) cache.memory();
        for (int n = 0; n < k.rows(); n++) {
            copy(
                    Pages.row(pages.keys()[layer], cache, position + n),
                    DoubleTensor.of(k).rowBlock(n, 1));
            copy(
                    Pages.row(pages.values()[layer], cache, position + n),
                    DoubleTensor.of(v).rowBlock(n, 1));
        }
    }

    @Override
    public void zero(Tensor x) {
        DoubleTensor t = DoubleTensor.of(x);
        Arrays.fill(t.data(), t.offset(), t.offset() + t.rows() * t.columns(), 0);
    }

    @Override
    public void embed(Tensor y, Tensor table, int[] ids) {
        DoubleTensor out = DoubleTensor.of(y).requireShape(ids.length, table.columns());
        for (int n = 0; n < ids.length; n++) {
            copy(out.rowBlock(n, 1), DoubleTensor.of(table).rowBlock(ids[n], 1));
        }
    }

    @Override
    public void embed(Tensor y, LinearWeight table, int[] ids) {
        CpuLinearWeight rows = CpuLinearWeight.of(table);
        DoubleTensor out = DoubleTensor.of(y).requireShape(ids.length, rows.inputFeatures());
        float[] row = new float[rows.inputFeatures()];
        for (int n = 0; n < ids.length; n++) {
            rows.decodeRow(row, 0, 1, ids[n], 0, row.length);
            for (int c = 0; c < row.length; c++) {
                out.set(n, c, row[c]);
            }
        }
    }

    @Override
    public void close() {
        // nothing but heap
    }

    private static void copy(DoubleTensor to, DoubleTensor from) {
        to.requireShapeOf(from);
        for (int n = 0; n < from.rows(); n++) {
            for (int c = 0; c < from.columns(); c++) {
                to.set(n, c, from.at(n, c));
            }
        }
    }
}
