package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@link LowRankGradient}s on tiles, operands rounded to bfloat16: every row of dy and x is read once.
 *
 * <p>A task is a piece of {@value LowRankPart#PIECE} rows of all parts that share dx; pieces begin at a part's own first row. What they
 * find for the gradients is added in their order, so that neither threads nor other parts show in a bit.
 */
final class LowRankProducts {
    /** Columns of a gradient that a task adds up. */
    private static final int COLUMNS = 64;

    /** Where tensors that live as long as a call come from. */
    @FunctionalInterface
    interface Memory {
        CpuTensor unset(int rows, int columns);
    }

    private record Piece(List<LowRankPart> parts, int number) {}

    /** Columns {@code from} to {@code to} of a gradient, whose pieces have {@code lanes} rows. */
    private record Sum(Matrix gradient, int lanes, List<CpuTensor> pieces, int from, int to) {}

    private final Workers workers;
    private final ThreadLocal<LowRankPiece> threads;
    private final List<LowRankFactors.Room> rooms = new ArrayList<>();

    LowRankProducts(Workers workers, StripKernels.Tiles kernels) {
        this.workers = workers;
        this.threads = ThreadLocal.withInitial(() -> new LowRankPiece(kernels));
    }

    void backward(List<LowRankGradient> gradients, Memory memory) {
        List<LowRankPart> parts = parts(gradients, memory);
        List<Piece> pieces = pieces(parts);
        workers.run(pieces.size(), i -> threads.get()
                .run(pieces.get(i).parts(), pieces.get(i).number()));
        List<Sum> sums = sums(parts);
        workers.run(sums.size(), i -> add(sums.get(i)));
    }

    private List<LowRankPart> parts(List<LowRankGradient> gradients, Memory memory) {
        Map<List<Object>, LowRankGradient> pairs = new LinkedHashMap<>();
        gradients.forEach(of -> pairs.putIfAbsent(pair(of), of));
        while (rooms.size() < pairs.size()) {
            rooms.add(LowRankFactors.Room.empty());
        }
        List<LowRankGradient> distinct = List.copyOf(pairs.values());
        LowRankFactors[] laid = new LowRankFactors[distinct.size()];
        workers.run(
                laid.length,
                i -> laid[i] = LowRankFactors.lay(rooms.get(i), threads.get().tiles(), distinct.get(i)));
        List<List<Object>> keys = List.copyOf(pairs.keySet());
        return gradients.stream()
                .map(of -> part(of, laid[keys.indexOf(pair(of))], memory))
                .toList();
    }

    /** What {@link LowRankFactors} are made of. */
    private static List<Object> pair(LowRankGradient of) {
        return List.of(of.a(), of.b(), of.scaling());
    }

    private static LowRankPart part(LowRankGradient of, LowRankFactors factors, Memory memory) {
        int lanes = LowRankPart.lanes(of);
        int rows = LowRankPart.pieces(of) * lanes;
        return new LowRankPart(
                of,
                lanes,
                memory.unset(rows, of.a().columns()),
                memory.unset(rows, of.b().rows()),
                factors);
    }

    private static List<Piece> pieces(List<LowRankPart> parts) {
        Map<Tensor, List<LowRankPart>> groups = new LinkedHashMap<>();
        parts.forEach(part ->
                groups.computeIfAbsent(part.of().dx(), dx -> new ArrayList<>()).add(part));
        List<Piece> pieces = new ArrayList<>();
        for (List<LowRankPart> group : groups.values()) {
            for (int i = 0; i < group.getFirst().pieces(); i++) {
                pieces.add(new Piece(group, i));
            }
        }
        return pieces;
    }

    private static List<Sum> sums(List<LowRankPart> parts) {
        Map<Tensor, List<CpuTensor>> pieces = new LinkedHashMap<>();
        Map<Tensor, Matrix> gradients = new LinkedHashMap<>();
        for (LowRankPart part : parts) {
            LowRankGradient of = part.of();
            gradients.put(of.aGradient(), CpuTensor.of(of.aGradient()).matrix(Operand.PLAIN));
            gradients.put(of.bGradient(), CpuTensor.of(of.bGradient()).matrix(Operand.TRANSPOSED));
            pieces.computeIfAbsent(of.aGradient(), gradient -> new ArrayList<>())
                    .add(part.aPieces());
            pieces.computeIfAbsent(of.bGradient(), gradient -> new ArrayList<>())
                    .add(part.bPieces());
        }
        List<Sum> sums = new ArrayList<>();
        gradients.forEach((tensor, gradient) -> {
            int lanes = Tiled.strips(gradient.rows()) * Tiled.STRIP;
            for (int from = 0; from < gradient.columns(); from += COLUMNS) {
                int to = Math.min(gradient.columns(), from + COLUMNS);
                sums.add(new Sum(gradient, lanes, pieces.get(tensor), from, to));
            }
        });
        return sums;
    }

    /** {@code gradient += piece}, piece after piece. */
    private static void add(Sum sum) {
        Matrix gradient = sum.gradient();
        float[] row = new float[sum.to() - sum.from()];
        for (int i = 0; i < gradient.rows(); i++) {
            int at = gradient.offset() + i * gradient.rowStride() + sum.from() * gradient.columnStride();
            for (int c = 0; c < row.length; c++) {
                row[c] = gradient.data()[at + c * gradient.columnStride()];
            }
            for (CpuTensor pieces : sum.pieces()) {
                for (int r = i; r < pieces.rows(); r += sum.lanes()) {
                    add(row, pieces.data(), pieces.row(r) + sum.from());
                }
            }
            for (int c = 0; c < row.length; c++) {
                gradient.data()[at + c * gradient.columnStride()] = row[c];
            }
        }
    }

    private static void add(float[] row, float[] piece, int from) {
        for (int c = 0; c < row.length; c++) {
            row[c] += piece[from + c];
        }
    }
}
