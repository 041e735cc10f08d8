package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Workspace;

/**
 * Backward of attention over whole sequences; formulas: {@code Backend.attentionBackward}, kernels: attention_backward.cu and
 * attention_float_backward.cu. The forward pass is taken again for its results and the logarithms of its sums.
 */
final class CudaAttentionBackward {
    private static final int THREADS = 128;
    private static final int FLOAT_ROWS = 16;
    private static final int FLOAT_TILE = 32;
    private static final int TILE = 64;

    /** What both kernels read, besides the queries' gradients. */
    private record Pass(
            CudaTensor dOut,
            CudaTensor q,
            CudaTensor logSums,
            CudaTensor projections,
            WholeSequences sequences,
            Heads heads,
            int window) {
        int longest() {
            return sequences.table().longest();
        }
    }

    private final CudaDevice device;
    private final CudaAttention attention;
    private final CudaKernel project;
    private final CudaKernel pack;

    CudaAttentionBackward(CudaDevice device, CudaAttention attention) {
        this.device = device;
        this.attention = attention;
        this.project = device.kernel("attention_float_backward", "project");
        this.pack = device.kernel("attention_backward", "pack_rows");
    }

    void run(
            CudaTensor dq,
            CudaTensor dk,
            CudaTensor dv,
            CudaTensor dOut,
            CudaTensor q,
            CudaTensor k,
            CudaTensor v,
            int[] lengths,
            int headDim,
            int window,
            Arithmetic arithmetic) {
        dq.requireShapeOf(q);
        dOut.requireShapeOf(q);
        dk.requireShapeOf(k);
        dv.requireShapeOf(k);
        v.requireShapeOf(k);
        CudaKvForm form = CudaKvForm.of(arithmetic, headDim);
        Heads heads = Heads.of(q.columns(), k.columns() / headDim, headDim);
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            WholeSequences sequences = attention.sequences(form, k, v, lengths, headDim);
            CudaTensor out = device.workspaces().unset(q.rows(), q.columns());
            CudaTensor logSums = device.workspaces().unset(q.rows(), heads.count());
            CudaTensor projections = device.workspaces().unset(q.rows(), heads.count());
            attention.forward(form, out, logSums, q, sequences, heads, window);
            project(projections, out, dOut, heads, form);
            Pass pass = new Pass(dOut, q, logSums, projections, sequences, heads, window);
            switch (form) {
                case FLOAT32 -> inFloat32(dq, dk, dv, pass);
                case BF16 -> inBf16(dq, dk, dv, pass);
            }
        }
    }

    private void project(CudaTensor projections, CudaTensor out, CudaTensor dOut, Heads heads, CudaKvForm form) {
        int rows = out.rows() * heads.count();
        project.arguments()
                .tensor(projections)
                .tensor(out)
                .tensor(dOut)
                .integer(rows)
                .integer(heads.dim())
                .integer(form == CudaKvForm.BF16 ? 1 : 0)
                .launch(Math.ceilDiv(rows, THREADS / 32), THREADS);
    }

    private void inFloat32(CudaTensor dq, CudaTensor dk, CudaTensor dv, Pass pass) {
        Heads heads = pass.heads();
        int width = heads.dim() <= 64 ? 64 : heads.dim() <= 128 ? 128 : 256;
        int padded = Math.ceilDiv(heads.dim(), 4) * 4;
        int shared = 4 * (2 * FLOAT_TILE * (padded + 4) + 2 * FLOAT_ROWS * padded);
        CudaKernel queries = device.kernel("attention_float_backward", "attention_float_backward_queries_" + width);
        inFloat32(queries.arguments().tensor(dq), pass)
                .launch(
                        Math.ceilDiv(pass.longest() * heads.group(), FLOAT_ROWS),
                        heads.kvHeads(),
                        pass.sequences().table().count(),
                        THREADS,
                        shared);
        CudaKernel keys = device.kernel("attention_float_backward", "attention_float_backward_keys_" + width);
        inFloat32(keys.arguments().tensor(dk).tensor(dv), pass)
                .launch(
                        Math.ceilDiv(pass.longest(), FLOAT_ROWS),
                        heads.kvHeads(),
                        pass.sequences().table().count(),
                        THREADS,
                        shared);
    }

    private static CudaKernel inFloat32(CudaKernel kernel, Pass pass) {
        return kernel.tensor(pass.dOut())
                .tensor(pass.q())
                .tensor(pass.logSums())
                .tensor(pass.projections())
                .address(pass.sequences().sent())
                .integer(pass.heads().group())
                .integer(pass.heads().dim())
                .integer(pass.window())
                .number(pass.heads().scale());
    }

    private void inBf16(CudaTensor dq, CudaTensor dk, CudaTensor dv, Pass pass) {
        Heads heads = pass.heads();
        int padded = CudaKvForm.BF16.columns(heads.dim());
        long dOut = packed(pass.dOut(), heads, padded);
        long q = packed(pass.q(), heads, padded);
        int shared = 2 * 5 * TILE * padded;
        CudaKernel keys = device.kernel("attention_backward", "attention_backward_keys_" + padded);
        inBf16(keys.arguments().tensor(dk).tensor(dv), dOut, q, pass)
                .launch(
                        Math.ceilDiv(pass.longest(), TILE),
                        heads.kvHeads(),
                        pass.sequences().table().count(),
                        THREADS,
                        shared);
        CudaKernel queries = device.kernel("attention_backward", "attention_backward_queries_" + padded);
        inBf16(queries.arguments().tensor(dq), dOut, q, pass)
                .launch(
                        Math.ceilDiv(pass.longest() * heads.group(), TILE),
                        heads.kvHeads(),
                        pass.sequences().table().count(),
                        THREADS,
                        shared);
    }

    /** Rounded rows, those of a group side by side. */
    private long packed(CudaTensor rows, Heads heads, int padded) {
        long packed = device.workspaces()
                .unset(rows.rows() * heads.count(), padded / 2)
                .address();
        pack.arguments()
                .address(packed)
                .tensor(rows)
                .integer(heads.group())
                .integer(heads.kvHeads())
                .integer(heads.dim())
                .integer(padded)
                .launch(rows.rows(), THREADS);
        return packed;
    }

    private static CudaKernel inBf16(CudaKernel kernel, long dOut, long q, Pass pass) {
        return kernel.address(dOut)
                .address(q)
                .tensor(pass.logSums())
                .tensor(pass.projections())
                .address(pass.sequences().sent())
                .integer(pass.q().rows())
                .integer(pass.heads().group())
                .integer(pass.heads().dim())
                .integer(pass.window())
                .number(pass.heads().binaryScale())
                .number(pass.heads().scale());
    }
}
