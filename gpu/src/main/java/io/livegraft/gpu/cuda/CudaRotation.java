package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Rope;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Rotary position embedding; formula: {@code Backend.rotate}, kernel: rotation.cu. Cosines and sines are computed here, in double
 * precision, once a position: for twice as many positions whenever one comes that is new.
 */
final class CudaRotation {
    private static final int FIRST_POSITIONS = 1 << 10;
    private static final int THREADS = 128;

    private final CudaDevice device;
    private final CudaKernel rotate;
    private final Map<Rope, CudaTensor> turns = new HashMap<>();

    CudaRotation(CudaDevice device) {
        this.device = device;
        this.rotate = device.kernel("rotation", "rotate");
    }

    void rotate(CudaTensor x, int[] positions, Rope rope, boolean inverse) {
        x.requireShape(positions.length, x.columns());
        if (x.columns() % rope.headDim() != 0) {
            throw new IllegalArgumentException(
                    "%d columns are no whole heads of %d".formatted(x.columns(), rope.headDim()));
        }
        int half = rope.headDim() / 2;
        int heads = x.columns() / rope.headDim();
        CudaTensor table = turns(rope, Arrays.stream(positions).max().orElse(0) + 1);
        rotate.arguments()
                .tensor(x)
                .address(device.ints(positions))
                .tensor(table)
                .integer(heads)
                .integer(half)
                .number(inverse ? -1 : 1)
                .launch(x.rows(), Math.ceilDiv(heads * Math.ceilDiv(half, 4), THREADS), 1, THREADS, 0);
    }

    /** By position all cosines, then all sines; for at least so many. */
    private CudaTensor turns(Rope rope, int positions) {
        CudaTensor known = turns.get(rope);
        if (known != null && known.rows() >= positions) {
            return known;
        }
        int count = tablePositions(positions);
        CudaTensor table = device.workspaces().own(count, rope.headDim(), DeviceMemory.Use.WEIGHTS);
        device.upload(table.address(), MemorySegment.ofArray(turnsOf(rope, count)));
        turns.put(rope, table);
        return table;
    }

    /** That a table has which is made for so many. */
    static int tablePositions(int positions) {
        return Math.max(FIRST_POSITIONS, positions == 1 ? 1 : 2 * Integer.highestOneBit(positions - 1));
    }

    private static float[] turnsOf(Rope rope, int positions) {
        int half = rope.headDim() / 2;
        float[] table = new float[positions * rope.headDim()];
        for (int i = 0; i < half; i++) {
            double frequency = rope.frequency(i);
            for (int position = 0; position < positions; position++) {
                double angle = position * frequency;
                table[position * rope.headDim() + i] = (float) StrictMath.cos(angle);
                table[position * rope.headDim() + half + i] = (float) StrictMath.sin(angle);
            }
        }
        return table;
    }
}
