package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
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
    /** Where tensors that live as long as a call come from. */
    @FunctionalInterface
    interface Memory {
        CpuTensor unset(int rows, int columns);
    }

    private record Piece(List<LowRankPart> parts, int number) {}

    private final Workers workers;
    private final ThreadLocal<LowRankPiece> threads;
    private final List<LowRankFactors.Room> rooms = new ArrayList<>();

    LowRankProducts(Workers workers, ProductKernels kernels) {
        this.workers = workers;
        this.threads = ThreadLocal.withInitial(() -> new LowRankPiece(kernels));
    }

    void backward(List<LowRankGradient> gradients, Memory memory) {
        List<LowRankPart> parts = parts(gradients, memory);
        List<Piece> pieces = pieces(parts);
        workers.run(pieces.size(), i -> threads.get()
                .run(pieces.get(i).parts(), pieces.get(i).number()));
        add(parts);
    }

    /** To the gradients, what was found for them. */
    void add(List<LowRankPart> parts) {
        List<LowRankSum> sums = LowRankSum.of(parts);
        workers.run(sums.size(), i -> sums.get(i).add());
    }

    /** With their factors in tiles. */
    List<LowRankPart> parts(List<LowRankGradient> gradients, Memory memory) {
        Map<List<Object>, LowRankGradient> pairs = new LinkedHashMap<>();
        gradients.forEach(of -> pairs.putIfAbsent(pair(of), of));
        while (rooms.size() < pairs.size()) {
            rooms.add(LowRankFactors.Room.empty());
        }
        List<LowRankGradient> distinct = List.copyOf(pairs.values());
        workers.run(LowRankFactors.TASKS * distinct.size(), task -> {
            int i = task / LowRankFactors.TASKS;
            LowRankFactors.lay(
                    task % LowRankFactors.TASKS, rooms.get(i), threads.get().tiles(), distinct.get(i));
        });
        List<List<Object>> keys = List.copyOf(pairs.keySet());
        return gradients.stream()
                .map(of -> part(of, LowRankFactors.laid(rooms.get(keys.indexOf(pair(of))), of), memory))
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
}
