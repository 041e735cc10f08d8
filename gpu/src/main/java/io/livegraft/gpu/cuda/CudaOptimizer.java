package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.AdamWPart;
import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Workspace;
import java.util.List;

/** AdamW and the norm it is clipped by; formulas: {@code Backend.adamW}, kernels: optimizer.cu. */
final class CudaOptimizer {
    private static final int THREADS = 256;
    /** Elements whose squares one block adds up. */
    static final int PIECE = 16_384;
    /** Of a line of the table that {@code adamw_parts} reads. */
    private static final int PART_LONGS = 10;
    /** Blocks of one part at most; they go over it in turns. */
    private static final int PART_BLOCKS = 64;

    private final CudaDevice device;
    private final CudaKernel adamW;
    private final CudaKernel adamWParts;
    private final CudaKernel squares;
    private final CudaKernel sumOfParts;

    CudaOptimizer(CudaDevice device) {
        this.device = device;
        this.adamW = device.kernel("optimizer", "adamw");
        this.adamWParts = device.kernel("optimizer", "adamw_parts");
        this.squares = device.kernel("optimizer", "squares");
        this.sumOfParts = device.kernel("optimizer", "sum_of_parts");
    }

    void adamW(CudaTensor p, CudaTensor m, CudaTensor v, CudaTensor g, AdamWStep step) {
        m.requireShapeOf(p);
        v.requireShapeOf(p);
        g.requireShapeOf(p);
        CudaKernel written =
                adamW.arguments().tensor(p).tensor(m).tensor(v).tensor(g).wide(p.size());
        for (float constant : constants(step)) {
            written.number(constant);
        }
        written.launch(CudaElements.blocks(p.size()), THREADS);
    }

    /** All in one launch. */
    void adamW(List<AdamWPart> parts) {
        long[] table = new long[PART_LONGS * parts.size()];
        int blocks = 0;
        for (int i = 0; i < parts.size(); i++) {
            AdamWPart part = parts.get(i);
            CudaTensor p = CudaTensor.of(part.p());
            long[] line = {
                p.address(),
                CudaTensor.of(part.m()).requireShapeOf(p).address(),
                CudaTensor.of(part.v()).requireShapeOf(p).address(),
                CudaTensor.of(part.g()).requireShapeOf(p).address(),
                p.size()
            };
            System.arraycopy(line, 0, table, PART_LONGS * i, line.length);
            float[] constants = constants(part.step());
            for (int c = 0; c < constants.length; c++) {
                long bits = Float.floatToRawIntBits(constants[c]) & 0xFFFFFFFFL;
                table[PART_LONGS * i + line.length + c / 2] |= bits << (32 * (c % 2));
            }
            blocks = Math.max(blocks, CudaElements.blocks(p.size()));
        }
        adamWParts
                .arguments()
                .address(device.longs(table))
                .launch(Math.min(blocks, PART_BLOCKS), parts.size(), 1, THREADS, 0);
    }

    /** As optimizer.cu's {@code Step} has them; rounded once each, as the CPU's. */
    static float[] constants(AdamWStep step) {
        return new float[] {
            (float) step.beta1(),
            (float) (1 - step.beta1()),
            (float) step.beta2(),
            (float) (1 - step.beta2()),
            (float) (1 - step.learningRate() * step.weightDecay()),
            (float) (step.learningRate() / step.firstCorrection()),
            (float) (1 / Math.sqrt(step.secondCorrection())),
            (float) step.epsilon(),
            (float) step.gradientScale()
        };
    }

    double sumOfSquares(CudaTensor x) {
        int parts = Math.toIntExact(Math.max(1, Math.ceilDiv(x.size(), PIECE)));
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor sums = device.workspaces().unset(parts, 2);
            squares.arguments().tensor(sums).tensor(x).wide(x.size()).launch(parts, THREADS);
            sumOfParts.arguments().tensor(sums).integer(parts).launch(1, THREADS);
            return device.doubles(sums.address(), 1)[0];
        }
    }
}
