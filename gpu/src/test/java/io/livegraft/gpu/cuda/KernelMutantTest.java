package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with a kernel shows on the stand-in: a mistake that is put into a source changes results or fails a launch. */
class KernelMutantTest {
    /**
     * A mistake.
     *
     * @param from text that is once in the source
     */
    private record Mutant(String name, String source, String from, String to) {
        @Override
        public String toString() {
            return name;
        }
    }

    @TempDir
    private Path folder;

    private static List<Mutant> mutants() {
        return List.of(
                new Mutant(
                        "a barrier less before a tile is read",
                        "product",
                        "        wait_copies<stages - 2>();\n        sync_block();\n",
                        "        wait_copies<stages - 2>();\n"),
                new Mutant(
                        "a copy that nobody waits for",
                        "product",
                        "wait_copies<stages - 2>",
                        "wait_copies<stages - 1>"),
                new Mutant(
                        "fragments of a in the wrong order",
                        "product",
                        "quarter & 1 : quarter >> 1) * 8, k",
                        "quarter >> 1 : quarter & 1) * 8, k"),
                new Mutant(
                        "adapters' last columns left out",
                        "product",
                        "high(range) - low(range); left > 0",
                        "high(range) - low(range); left > stages"),
                new Mutant(
                        "an adapter that is no number in rows that are not its own",
                        "product",
                        "& 1 ? next[e] : sums[i][j][e]",
                        "& 1 ? next[e] : next[e]"),
                new Mutant(
                        "a barrier less before stages are filled with columns",
                        "product",
                        "        sync_block();\n        ONE_BY_ONE for (int step = 0; step < some; step++) {",
                        "        ONE_BY_ONE for (int step = 0; step < some; step++) {"),
                new Mutant(
                        "a barrier less before columns are read",
                        "product",
                        "        sync_block();\n        ONE_BY_ONE for (int step = 0; step < some; step++, own",
                        "        ONE_BY_ONE for (int step = 0; step < some; step++, own"),
                new Mutant(
                        "a barrier less behind a tile that is used up",
                        "product_fp32",
                        "        }\n        sync_block();\n    }\n",
                        "        }\n    }\n"),
                new Mutant(
                        "one term less at the end", "product_fp32", "? k - first : depth", "? k - first - 1 : depth"),
                new Mutant(
                        "a value too many at the end",
                        "weight",
                        "column + 8 <= columns)",
                        "column + 8 <= columns + 1)"),
                new Mutant(
                        "nibbles in the wrong order",
                        "weight",
                        "packed[flat >> 1] >> (flat & 1 ? 0 : 4)",
                        "packed[flat >> 1] >> (flat & 1 ? 4 : 0)"),
                new Mutant(
                        "logits that are equal left out of each other's rank",
                        "sampling",
                        "shared.keys[other] <= key",
                        "shared.keys[other] < key"),
                new Mutant(
                        "a barrier less before a bin is found",
                        "sampling",
                        "            add_atomically(counts + bin, 1u);\n        }\n    }\n    sync_block();\n",
                        "            add_atomically(counts + bin, 1u);\n        }\n    }\n"),
                new Mutant(
                        "a piece of the ids from its second one on",
                        "sampling",
                        "id = first + lane_id()",
                        "id = first + lane_id() + 1"),
                new Mutant(
                        "half of a block's lanes asked for the largest",
                        "quantize",
                        "largest_among(largest, 4)",
                        "largest_among(largest, 2)"),
                new Mutant(
                        "scales quantized beside the wrong midpoint",
                        "quantize",
                        "cuts_below<255>(cut, value",
                        "1 + cuts_below<255>(cut, value"),
                new Mutant(
                        "the lower rows of a tile by the upper ones' scales",
                        "quantize",
                        "r < rows ? absmax[r]",
                        "r < rows ? absmax[row]"),
                new Mutant(
                        "pairs in the wrong order",
                        "rows",
                        "levels[byte >> 4], levels[byte & 15]",
                        "levels[byte & 15], levels[byte >> 4]"),
                new Mutant(
                        "a barrier less before slices are added",
                        "rows",
                        "sums[j][3]};\n        sync_block();",
                        "sums[j][3]};"));
    }

    @Test
    void soundKernelsGiveTheSameBitsInEveryOrder() {
        List<float[]> forward = KernelSlice.results(folder, FiberOrder.FORWARD);
        for (FiberOrder order : List.of(FiberOrder.REVERSE, FiberOrder.RANDOM)) {
            List<float[]> other = KernelSlice.results(folder, order);
            for (int i = 0; i < forward.size(); i++) {
                assertArrayEquals(forward.get(i), other.get(i), 0f, order + ", result " + i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void aMistakeShows(Mutant mutant) throws IOException {
        List<float[]> sound = KernelSlice.results(folder, FiberOrder.FORWARD);
        String source = Files.readString(HostCompiler.KERNELS.resolve(mutant.source() + ".cu"));
        assertEquals(2, source.split(Pattern.quote(mutant.from()), -1).length, "places of the mutation");
        Files.writeString(folder.resolve(mutant.source() + ".cu"), source.replace(mutant.from(), mutant.to()));
        assertTrue(
                Arrays.stream(FiberOrder.values()).anyMatch(order -> differs(sound, order)),
                "no order of threads shows it");
    }

    private boolean differs(List<float[]> sound, FiberOrder order) {
        try {
            List<float[]> mutated = KernelSlice.results(folder, order);
            return IntStream.range(0, sound.size()).anyMatch(i -> !Arrays.equals(sound.get(i), mutated.get(i)));
        } catch (CudaException failed) {
            return true;
        }
    }
}
